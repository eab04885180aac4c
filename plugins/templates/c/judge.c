/* {{name}}: passes when the last line of the output is ALL GOOD. */
#include <string.h>

#include "tribunal.h"

static tribunal_info_t tribunal_info(void) {
  return (tribunal_info_t){
      .name = TRIBUNAL_TEXT("{{name}}"),
      .version = TRIBUNAL_TEXT("0.1.0"),
      .description = TRIBUNAL_TEXT("Passes when the last line is ALL GOOD."),
  };
}

static tribunal_text tribunal_validate(tribunal_text json) {
  if (json.len <= 2) return (tribunal_text){0, 0};
  return TRIBUNAL_TEXT("the judge takes no configuration: remove its `config` table");
}

static int tribunal_judge(tribunal_verdict *verdict, tribunal_text *error) {
  (void)error;
  static char line[4096], last[4096];
  uint32_t len = 0, last_len = 0;
  int32_t log = tribunal_open(TRIBUNAL_COMBINED);
  for (;;) {
    tribunal_text chunk = tribunal_read(log);
    for (uint32_t i = 0; i < chunk.len; i++) {
      if (chunk.at[i] != '\n') {
        if (len < sizeof line) line[len++] = chunk.at[i];
      } else if (len > 0) {
        memcpy(last, line, last_len = len);
        len = 0;
      }
    }
    if (chunk.len == 0) break;
  }
  if (len > 0) memcpy(last, line, last_len = len);
  tribunal_end end = tribunal_ended();
  verdict->status = TRIBUNAL_FAILED;
  if (end.kind != TRIBUNAL_EXITED || end.u.code != 0) {
    verdict->summary = TRIBUNAL_TEXT("it did not end with exit 0");
  } else if (last_len != 8 || memcmp(last, "ALL GOOD", 8) != 0) {
    verdict->summary = TRIBUNAL_TEXT("the last line is not ALL GOOD");
  } else {
    verdict->status = TRIBUNAL_PASSED;
    verdict->summary = TRIBUNAL_TEXT("all good");
  }
  return 0;
}
