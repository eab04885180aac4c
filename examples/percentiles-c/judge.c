/* The 95th percentile of a load test must be below a limit: reads lines like `GET /cart 200 34.5 ms`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tribunal.h"

static double samples[200000];
static uint32_t count, errors;

static tribunal_info_t tribunal_info(void) {
  return (tribunal_info_t){
      .name = TRIBUNAL_TEXT("percentiles"),
      .version = TRIBUNAL_TEXT("0.1.0"),
      .description = TRIBUNAL_TEXT("p95 of all answers must be below `p95_ms`, without any 5xx."),
      .config_schema = {1, TRIBUNAL_TEXT("{\"type\":\"object\",\"required\":[\"p95_ms\"],\"properties\":{\"p95_ms\":"
                                         "{\"type\":\"number\"}}}")},
  };
}

/* The number behind `"p95_ms":`, or 0. */
static double limit_of(tribunal_text json) {
  static char text[4096];
  uint32_t len = json.len < sizeof text - 1 ? json.len : sizeof text - 1;
  memcpy(text, json.at, len);
  text[len] = 0;
  char *key = strstr(text, "\"p95_ms\":");
  return key ? strtod(key + 9, NULL) : 0;
}

static tribunal_text tribunal_validate(tribunal_text json) {
  return limit_of(json) > 0 ? (tribunal_text){0, 0} : TRIBUNAL_TEXT("p95_ms: a number above 0 is wanted");
}

static void line_of(char *line) {
  int status;
  double ms;
  if (sscanf(line, "%*s %*s %d %lf ms", &status, &ms) != 2) return;
  if (status >= 500) errors++;
  if (count < sizeof samples / sizeof *samples) samples[count++] = ms;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int tribunal_judge(tribunal_verdict *verdict, tribunal_text *error) {
  (void)error;
  static char line[512], words[160];
  uint32_t len = 0;
  double limit = limit_of(tribunal_config());
  int32_t log = tribunal_open(TRIBUNAL_STDOUT);
  for (tribunal_text chunk = tribunal_read(log); chunk.len > 0; chunk = tribunal_read(log)) {
    for (uint32_t i = 0; i < chunk.len; i++) {
      if (chunk.at[i] == '\n') {
        line[len] = 0;
        line_of(line);
        len = 0;
      } else if (len < sizeof line - 1) {
        line[len++] = chunk.at[i];
      }
    }
  }
  tribunal_end end = tribunal_ended();
  verdict->status = TRIBUNAL_FAILED;
  if (end.kind != TRIBUNAL_EXITED || end.u.code != 0) {
    verdict->summary = TRIBUNAL_TEXT("the load test did not end with exit 0");
    return 0;
  }
  if (count == 0) {
    verdict->status = TRIBUNAL_EMPTY;
    verdict->summary = TRIBUNAL_TEXT("no answer was measured");
    return 0;
  }
  qsort(samples, count, sizeof *samples, by_size);
  double p95 = samples[(count * 95 + 99) / 100 - 1];
  if (p95 <= limit && errors == 0) verdict->status = TRIBUNAL_PASSED;
  verdict->summary.at = words;
  verdict->summary.len = snprintf(words, sizeof words, "p95 %.1f ms of %u answers (limit %.0f ms), %u errors", p95, count,
                                  limit, errors);
  return 0;
}
