/* Result codes, and the one table that says what each means for a job.
 *
 * Adding a code without a remedy cannot compile; text, remedy and metric label all come from this table. */
#ifndef MEDREVIEW_BASE_ERROR_H
#define MEDREVIEW_BASE_ERROR_H

#include <stdarg.h>
#include <stdint.h>

#if defined(__GNUC__)
#define MR_MUST_CHECK __attribute__((warn_unused_result))
#define MR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define MR_MUST_CHECK
#define MR_PRINTF(fmt, args)
#endif

/* What a job does about a failure: try again later, wait for the data to change, or forget it. */
typedef enum mr_remedy { MR_NONE, MR_RETRY, MR_PARK, MR_DROP } mr_remedy;

#define MR_RC_MAP(X)                                                                                                   \
    X(MR_OK, MR_NONE, "success")                                                                                       \
    X(MR_NOMEM, MR_RETRY, "out of memory")                                                                             \
    X(MR_TIMEOUT, MR_RETRY, "deadline passed")                                                                         \
    X(MR_BUSY, MR_RETRY, "peer asked us to wait")                                                                      \
    X(MR_IO, MR_RETRY, "transport or storage failed")                                                                  \
    X(MR_CONFLICT, MR_RETRY, "resource changed under us")                                                              \
    X(MR_MALFORMED, MR_PARK, "input does not follow its profile")                                                      \
    X(MR_LIMIT, MR_PARK, "input exceeds a configured limit")                                                           \
    X(MR_REFUSED, MR_PARK, "peer rejected the request")                                                                \
    X(MR_NOT_FOUND, MR_PARK, "resource does not exist")                                                                \
    X(MR_DENIED, MR_RETRY, "peer denied access")                                                                       \
    X(MR_INVALID, MR_PARK, "wrong usage or configuration")                                                             \
    X(MR_LOST, MR_DROP, "lease passed to another replica")                                                             \
    X(MR_CANCELED, MR_DROP, "service is stopping")
typedef enum mr_rc {
#define X(name, remedy, text) name,
    MR_RC_MAP(X)
#undef X
        MR_RC_COUNT
} mr_rc;

/* Lives on the caller's stack. `detail` is a foreign code where one helps (HTTP status, errno); 0 otherwise.
 * `text` never holds patient data: references are allowed only where the caller shows them to an authorised reader. */
typedef struct mr_error {
    mr_rc rc;
    int32_t detail;
    char text[320];
} mr_error;

/* Sets *err (which may be NULL) and returns rc. */
mr_rc mr_fail(mr_error *err, mr_rc rc, const char *fmt, ...) MR_PRINTF(3, 4);
/* As mr_fail, with a foreign code in err->detail. */
mr_rc mr_fail_detail(mr_error *err, mr_rc rc, int32_t detail, const char *fmt, ...) MR_PRINTF(4, 5);
/* Puts a prefix and ": " before err->text and returns err->rc: `page 2: entry 17: status missing`. */
mr_rc mr_wrap(mr_error *err, const char *fmt, ...) MR_PRINTF(2, 3);

const char *mr_rc_text(mr_rc rc);
/* "timeout", "malformed": the name in lower case without its prefix; for metric labels and logs. */
const char *mr_rc_label(mr_rc rc);
mr_remedy mr_rc_remedy(mr_rc rc);

/* MR_ASSERT: our own bugs; aborts in debug builds. MR_REQUIRE: where going on would harm; always on. */
void mr_require_failed(const char *expr, const char *file, int line) __attribute__((noreturn));
#define MR_REQUIRE(e) ((e) ? (void)0 : mr_require_failed(#e, __FILE__, __LINE__))
#ifdef NDEBUG
#define MR_ASSERT(e) ((void)sizeof((e) ? 1 : 0))
#else
#define MR_ASSERT(e) MR_REQUIRE(e)
#endif

#endif
