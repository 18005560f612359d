/* Structured logs as a port. Values are typed: there is no way in for a patient's name, id or NHS number.
 *
 * One event is one line of JSON; the sink, which app owns, adds the time. Rooms below flow never log. */
#ifndef MEDREVIEW_BASE_LOG_H
#define MEDREVIEW_BASE_LOG_H

#include "medreview/base/error.h"
#include "medreview/base/sha256.h"

typedef enum mr_log_level { MR_L_DEBUG, MR_L_INFO, MR_L_WARN, MR_L_ERROR } mr_log_level;

/* `fields` is zero or more `,"key":value` members; `event` the dotted name. Called from any thread. */
typedef struct mr_log_sink {
    mr_log_level level; /* events below are not formatted */
    void (*write)(struct mr_log_sink *sink, mr_log_level level, const char *event, const char *fields, size_t len);
} mr_log_sink;

typedef enum mr_log_kind { MR_V_END, MR_V_WORD, MR_V_INT, MR_V_RC, MR_V_PSEUDONYM, MR_V_OPERATOR_TEXT } mr_log_kind;
typedef struct mr_log_value {
    const char *key;
    mr_log_kind kind;
    union {
        const char *word;
        int64_t i;
        mr_rc rc;
        mr_pseudonym pseudonym;
    } as;
} mr_log_value;

/* A word of our own programs: a literal, a configuration key, a source id, a resource type. Never from a payload. */
mr_log_value mr_v_word(const char *key, const char *word);
mr_log_value mr_v_int(const char *key, int64_t i);
mr_log_value mr_v_rc(const char *key, mr_rc rc);
mr_log_value mr_v_pseudonym(const char *key, mr_pseudonym p);
/* Text of an mr_error that is for operators (store, transport, configuration); cut at 300 bytes, control bytes out. */
mr_log_value mr_v_operator_text(const char *key, const char *text);

/* sink may be NULL (nothing happens). */
void mr_log_write(mr_log_sink *sink, mr_log_level level, const char *event, const mr_log_value *v, size_t n);
#define MR_LOG(sink, level, event, ...)                                                                                \
    do {                                                                                                               \
        const mr_log_value mr_log_values_[] = {__VA_ARGS__};                                                           \
        mr_log_write((sink), (level), (event), mr_log_values_, sizeof mr_log_values_ / sizeof *mr_log_values_);        \
    } while (0)
const char *mr_log_level_name(mr_log_level level);

#endif
