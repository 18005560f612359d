/* Formats events; the sink writes them. */
#include "medreview/base/log.h"

#include <stdio.h>
#include <string.h>

mr_log_value mr_v_word(const char *key, const char *word) {
    return (mr_log_value){.key = key, .kind = MR_V_WORD, .as.word = word};
}

mr_log_value mr_v_int(const char *key, int64_t i) {
    return (mr_log_value){.key = key, .kind = MR_V_INT, .as.i = i};
}

mr_log_value mr_v_rc(const char *key, mr_rc rc) {
    return (mr_log_value){.key = key, .kind = MR_V_RC, .as.rc = rc};
}

mr_log_value mr_v_pseudonym(const char *key, mr_pseudonym p) {
    return (mr_log_value){.key = key, .kind = MR_V_PSEUDONYM, .as.pseudonym = p};
}

mr_log_value mr_v_operator_text(const char *key, const char *text) {
    return (mr_log_value){.key = key, .kind = MR_V_OPERATOR_TEXT, .as.word = text};
}

typedef struct line {
    char text[1536];
    size_t n;
} line;

static void put(line *l, const char *s, size_t n) {
    if (n > sizeof l->text - l->n) n = sizeof l->text - l->n;
    memcpy(l->text + l->n, s, n);
    l->n += n;
}

static void puts_quoted(line *l, const char *s, size_t most) {
    put(l, "\"", 1);
    for (size_t i = 0; s && s[i] && i < most; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '"' || c == '\\') put(l, "\\", 1);
        put(l, c < 0x20 ? " " : s + i, 1);
    }
    put(l, "\"", 1);
}

static void put_value(line *l, const mr_log_value *v) {
    char digits[24];
    switch (v->kind) {
    case MR_V_WORD: puts_quoted(l, v->as.word, 120); return;
    case MR_V_OPERATOR_TEXT: puts_quoted(l, v->as.word, 300); return;
    case MR_V_RC: puts_quoted(l, mr_rc_label(v->as.rc), 40); return;
    case MR_V_PSEUDONYM: puts_quoted(l, v->as.pseudonym.hex, 16); return;
    case MR_V_INT: put(l, digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)v->as.i)); return;
    case MR_V_END: break;
    }
    put(l, "null", 4);
}

void mr_log_write(mr_log_sink *sink, mr_log_level level, const char *event, const mr_log_value *v, size_t n) {
    if (!sink || level < sink->level) return;
    line l = {.n = 0};
    for (size_t i = 0; i < n; i++) {
        /* Room for the longest value, so that a line is never cut inside one. */
        if (v[i].kind == MR_V_END || sizeof l.text - l.n < 700) continue;
        put(&l, ",", 1);
        puts_quoted(&l, v[i].key, 40);
        put(&l, ":", 1);
        put_value(&l, &v[i]);
    }
    sink->write(sink, level, event, l.text, l.n);
}

const char *mr_log_level_name(mr_log_level level) {
    static const char *const name[] = {"debug", "info", "warn", "error"};
    return name[level];
}
