/* What a judge written in C uses: the contract tribunal:judge 0.1.0, by hand, in one header.
 *
 * Define tribunal_info, tribunal_validate and tribunal_judge (declared at the end) in one file, include this header
 * there, and build a reactor: cc --target=wasm32-wasi -mexec-model=reactor, or freestanding. Reading blocks until
 * there is more, so the same judge runs live beside a suite or after it.
 *
 * What a call returns lies in memory of this header until the next call that returns text or bytes: copy it to keep
 * it. Texts have a length and no NUL at their end. */
#ifndef TRIBUNAL_H
#define TRIBUNAL_H

#include <stddef.h>
#include <stdint.h>

typedef struct { const char *at; uint32_t len; } tribunal_text;
#define TRIBUNAL_TEXT(literal) ((tribunal_text){(literal), sizeof(literal) - 1})

enum tribunal_channel { TRIBUNAL_STDOUT, TRIBUNAL_STDERR, TRIBUNAL_COMBINED };
enum tribunal_level { TRIBUNAL_DEBUG, TRIBUNAL_INFO, TRIBUNAL_WARN, TRIBUNAL_ERROR };
enum tribunal_status { TRIBUNAL_PASSED, TRIBUNAL_FAILED, TRIBUNAL_ERRORED, TRIBUNAL_SKIPPED, TRIBUNAL_EMPTY };
enum tribunal_case_status { TRIBUNAL_CASE_PASSED, TRIBUNAL_CASE_FAILED, TRIBUNAL_CASE_ERRORED,
                            TRIBUNAL_CASE_SKIPPED, TRIBUNAL_CASE_FLAKY };
enum tribunal_end_kind { TRIBUNAL_EXITED, TRIBUNAL_SIGNALED, TRIBUNAL_TIMED_OUT, TRIBUNAL_OOM_KILLED,
                         TRIBUNAL_EVICTED, TRIBUNAL_START_FAILED, TRIBUNAL_CANCELLED, TRIBUNAL_LOST, TRIBUNAL_OTHER };
enum tribunal_completeness { TRIBUNAL_PROVEN, TRIBUNAL_COMPLETE, TRIBUNAL_UNVERIFIED, TRIBUNAL_GAP, TRIBUNAL_CUT,
                             TRIBUNAL_UNAVAILABLE };

/* How the attempt ended. */
typedef struct {
  uint8_t kind;              /* enum tribunal_end_kind */
  union {
    int32_t code;                                                          /* exited */
    struct { uint32_t number; tribunal_text name; uint8_t core_dumped; } signal; /* signaled */
    double limit_ms;                                                       /* timed out */
    tribunal_text text;                                                    /* the others: a reason or a limit */
  } u;
} tribunal_end;

/* The state of the output when it had ended. */
typedef struct { uint8_t completeness; double bytes, lines, missing; tribunal_text note; } tribunal_capture;

typedef struct { tribunal_text key, value; } tribunal_label;
typedef struct { uint8_t some; tribunal_text value; } tribunal_optional_text;
typedef struct { uint8_t some; double value; } tribunal_optional_double;
typedef struct { uint8_t some; uint32_t value; } tribunal_optional_u32;

/* A test case. Zero what is not known. */
typedef struct {
  tribunal_text id;
  uint8_t status;            /* enum tribunal_case_status */
  tribunal_optional_double duration_ms;
  tribunal_optional_text message, details, file;
  tribunal_optional_u32 line;
  const tribunal_label *extra; uint32_t extra_len;
} tribunal_case;

typedef struct { uint32_t passed, failed, errored, skipped, flaky; } tribunal_counts;

/* A judge's answer. */
typedef struct {
  uint8_t status;            /* enum tribunal_status */
  tribunal_text summary;
  uint8_t has_counts; tribunal_counts counts;
  const tribunal_label *extra; uint32_t extra_len;
} tribunal_verdict;

/* What a judge says about itself. */
typedef struct { tribunal_text name, version, description; tribunal_optional_text config_schema; } tribunal_info_t;

#define TRIBUNAL_IMPORT(interface, function) \
  __attribute__((import_module("tribunal:judge/" interface "@0.1.0"), import_name(function))) extern
#define TRIBUNAL_EXPORT(name) __attribute__((export_name(name)))

/* ---- the contract as it is called; use the functions below ---- */
TRIBUNAL_IMPORT("suite", "pipeline") void tribunal_abi_pipeline(tribunal_text *);
TRIBUNAL_IMPORT("suite", "name") void tribunal_abi_name(tribunal_text *);
TRIBUNAL_IMPORT("suite", "executor") void tribunal_abi_executor(tribunal_text *);
TRIBUNAL_IMPORT("suite", "attempt") uint32_t tribunal_abi_attempt(void);
TRIBUNAL_IMPORT("suite", "config-json") void tribunal_abi_config(tribunal_text *);
TRIBUNAL_IMPORT("evidence", "open-log") int32_t tribunal_abi_open(int32_t);
TRIBUNAL_IMPORT("evidence", "[method]log.read") void tribunal_abi_read(int32_t, uint32_t, tribunal_text *);
TRIBUNAL_IMPORT("evidence", "[method]log.tail") void tribunal_abi_tail(int32_t, uint32_t, tribunal_text *);
TRIBUNAL_IMPORT("evidence", "[resource-drop]log") void tribunal_abi_close(int32_t);
TRIBUNAL_IMPORT("evidence", "ended") void tribunal_abi_ended(tribunal_end *);
TRIBUNAL_IMPORT("evidence", "duration-ms") double tribunal_abi_duration(void);
TRIBUNAL_IMPORT("evidence", "capture") void tribunal_abi_capture(tribunal_capture *);
TRIBUNAL_IMPORT("host", "report-case") void tribunal_abi_report(const tribunal_case *);
TRIBUNAL_IMPORT("host", "progress") void tribunal_abi_progress(uint32_t, uint32_t, uint32_t);
TRIBUNAL_IMPORT("host", "log") void tribunal_abi_log(uint32_t, const char *, uint32_t);
TRIBUNAL_IMPORT("host", "stderr") void tribunal_abi_stderr(const char *, uint32_t);

/* ---- memory: what the host returns or passes in is put here ---- */
static _Alignas(16) char tribunal_memory[256 << 10];
static uint32_t tribunal_used;

TRIBUNAL_EXPORT("cabi_realloc")
void *tribunal_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)old_size;
  uint32_t at = (tribunal_used + align - 1) & ~(uint32_t)(align - 1);
  if (old || size > sizeof tribunal_memory - at) __builtin_trap();
  tribunal_used = at + size;
  return tribunal_memory + at;
}

#define TRIBUNAL_TEXT_CALL(call) tribunal_text got = {0, 0}; tribunal_used = 0; call; return got

/* The pipeline's name, the suite's, and where it ran: local, kubernetes or file. */
static inline tribunal_text tribunal_pipeline(void) { TRIBUNAL_TEXT_CALL(tribunal_abi_pipeline(&got)); }
static inline tribunal_text tribunal_suite(void) { TRIBUNAL_TEXT_CALL(tribunal_abi_name(&got)); }
static inline tribunal_text tribunal_executor(void) { TRIBUNAL_TEXT_CALL(tribunal_abi_executor(&got)); }
/* From 1. */
static inline uint32_t tribunal_attempt(void) { return tribunal_abi_attempt(); }
/* The judge's config table as JSON; {} without one. */
static inline tribunal_text tribunal_config(void) { TRIBUNAL_TEXT_CALL(tribunal_abi_config(&got)); }
/* Opens an output from its first byte. */
static inline int32_t tribunal_open(enum tribunal_channel channel) { return tribunal_abi_open(channel); }
/* The next bytes, at most 64 KiB; blocks until there are some. Length 0: the output has ended. */
static inline tribunal_text tribunal_read(int32_t log) { TRIBUNAL_TEXT_CALL(tribunal_abi_read(log, 65536, &got)); }
/* The last bytes of the whole output. */
static inline tribunal_text tribunal_tail(int32_t log, uint32_t max) { TRIBUNAL_TEXT_CALL(tribunal_abi_tail(log, max, &got)); }
static inline void tribunal_close(int32_t log) { tribunal_abi_close(log); }
/* How the attempt ended; blocks until that is known: read the output first. */
static inline tribunal_end tribunal_ended(void) { tribunal_end end; tribunal_used = 0; tribunal_abi_ended(&end); return end; }
static inline double tribunal_duration_ms(void) { return tribunal_abi_duration(); }
static inline tribunal_capture tribunal_captured(void) { tribunal_capture c; tribunal_used = 0; tribunal_abi_capture(&c); return c; }
/* Reports a case as soon as it is known; the last report of an id counts. */
static inline void tribunal_report(const tribunal_case *c) { tribunal_abi_report(c); }
/* Cases done, and how many there will be; 0: not known. */
static inline void tribunal_progress(uint32_t done, uint32_t total) { tribunal_abi_progress(done, total != 0, total); }
static inline void tribunal_log(enum tribunal_level level, tribunal_text text) { tribunal_abi_log(level, text.at, text.len); }
/* Says why, and ends the judgement: the suite is errored. */
_Noreturn static inline void tribunal_panic(tribunal_text text) { tribunal_abi_stderr(text.at, text.len); __builtin_trap(); }

/* ---- what a judge defines ---- */

/* Says what the judge is. */
static tribunal_info_t tribunal_info(void);
/* Returns a problem of the config table, given as JSON, or a text of length 0. */
static tribunal_text tribunal_validate(tribunal_text json);
/* Fills in the verdict and returns 0; or puts into `error` why there is none, and returns 1. */
static int tribunal_judge(tribunal_verdict *verdict, tribunal_text *error);

TRIBUNAL_EXPORT("tribunal:judge/plugin@0.1.0#describe")
tribunal_info_t *tribunal_export_describe(void) {
  static tribunal_info_t info;
  info = tribunal_info();
  return &info;
}

TRIBUNAL_EXPORT("tribunal:judge/plugin@0.1.0#validate-config")
void *tribunal_export_validate(const char *at, uint32_t len) {
  static tribunal_text problem;
  static struct { tribunal_text *at; uint32_t len; } list;
  problem = tribunal_validate((tribunal_text){at, len});
  list.at = &problem;
  list.len = problem.len != 0;
  return &list;
}

TRIBUNAL_EXPORT("tribunal:judge/plugin@0.1.0#judge")
void *tribunal_export_judge(void) {
  static struct {
    uint8_t failed;
    union { tribunal_verdict verdict; struct { uint8_t kind; tribunal_text text; } error; } u;
  } answer;
  tribunal_text error = {0, 0};
  tribunal_verdict verdict = {0};
  answer.failed = tribunal_judge(&verdict, &error) != 0;
  if (answer.failed) {
    answer.u.error.kind = 3; /* internal */
    answer.u.error.text = error;
  } else {
    answer.u.verdict = verdict;
  }
  return &answer;
}

#endif
