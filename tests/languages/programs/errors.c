/* A judge of the second tier in C, with nothing but its library: fails where a line has ERROR in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  const char *evidence = getenv("TRIBUNAL_EVIDENCE");
  if (evidence == NULL) return 1;
  int ended_well = strstr(evidence, "\"ended\":{\"kind\":\"exited\",\"code\":0}") != NULL;
  static char line[65536];
  unsigned errors = 0, lines = 0;
  while (fgets(line, sizeof line, stdin) != NULL) {
    lines++;
    if (strstr(line, "ERROR") != NULL) errors++;
  }
  const char *status = ended_well && errors == 0 ? "passed" : "failed";
  printf("{\"status\":\"%s\",\"summary\":\"%u errors in %u lines\"}\n", status, errors, lines);
  return 0;
}
