/* Typed looks at the tree of a pack file. Each wrong value is one complaint with its line; the caller goes on. */
#include "decimal.h"
#include "pack.h"

#include "medreview/base/utf8.h"

#include <string.h>

void mr_pack_out_of_room(mr_pack *p) {
    if (p->rc == MR_OK) p->rc = mr_arena_why(p->arena, p->err);
}

static void complain_unknown_key(mr_pack *p, const mr_yaml *m, const char *what, const char *const *keys) {
    for (unsigned distance = 1; distance <= 2; distance++) {
        for (const char *const *k = keys; *k; k++) {
            if (mr_text_distance(m->key, mr_span_of(*k), distance) > distance) continue;
            mr_complain(p->complaints, m->at, "%s has no \"%.*s\"; did you mean \"%s\"?", what, MR_SPAN_ARG(m->key),
                        *k);
            return;
        }
    }
    mr_complain(p->complaints, m->at, "%s has no \"%.*s\"", what, MR_SPAN_ARG(m->key));
}

bool mr_value_map(mr_pack *p, const mr_yaml *node, const char *what, const char *const *keys) {
    if (node->kind != MR_YAML_MAP) {
        mr_complain(p->complaints, node->at, "%s is a map, not %s", what, mr_yaml_kind_text(node->kind));
        return false;
    }
    for (const mr_yaml *m = node->first; m; m = m->next) {
        const char *const *k = keys;
        while (*k && !mr_span_is(m->key, *k)) k++;
        if (!*k) complain_unknown_key(p, m, what, keys);
    }
    return true;
}

mr_span mr_value_text(mr_pack *p, const mr_yaml *map, const char *key) {
    const mr_yaml *m = mr_yaml_get(map, key);
    if (!m) return MR_SPAN_NONE;
    if (m->kind != MR_YAML_TEXT) {
        mr_complain(p->complaints, m->at, "\"%s\" is a text, not %s", key, mr_yaml_kind_text(m->kind));
        return MR_SPAN_NONE;
    }
    if (m->text.len == 0) {
        mr_complain(p->complaints, m->at, "\"%s\" is empty", key);
        return MR_SPAN_NONE;
    }
    return m->text;
}

mr_span mr_value_required(mr_pack *p, const mr_yaml *map, const char *key) {
    if (!mr_yaml_get(map, key)) {
        mr_complain(p->complaints, map->at, "\"%s\" is missing", key);
        return MR_SPAN_NONE;
    }
    return mr_value_text(p, map, key);
}

bool mr_value_yes(mr_pack *p, const mr_yaml *map, const char *key, bool otherwise) {
    mr_span text = mr_value_text(p, map, key);
    if (!text.ptr) return otherwise;
    if (mr_span_is(text, "yes")) return true;
    if (mr_span_is(text, "no")) return false;
    mr_complain(p->complaints, mr_yaml_get(map, key)->at, "\"%s\" is yes or no, not \"%.*s\"", key, MR_SPAN_ARG(text));
    return otherwise;
}

bool mr_value_count(mr_pack *p, const mr_yaml *map, const char *key, unsigned most, unsigned *ret) {
    mr_span text = mr_value_text(p, map, key);
    uint64_t n;
    if (!text.ptr) return false;
    if (!mr_span_u64(text, &n) || n < 1 || n > most) {
        mr_complain(p->complaints, mr_yaml_get(map, key)->at, "\"%s\" is a whole number from 1 to %u, not \"%.*s\"",
                    key, most, MR_SPAN_ARG(text));
        return false;
    }
    *ret = (unsigned)n;
    return true;
}

bool mr_value_day(mr_pack *p, const mr_yaml *map, const char *key, mr_day *ret) {
    mr_span text = mr_value_text(p, map, key);
    if (!text.ptr) return false;
    if (mr_day_parse(text, ret)) return true;
    mr_complain(p->complaints, mr_yaml_get(map, key)->at, "\"%s\" is a date such as 2026-11-21, not \"%.*s\"", key,
                MR_SPAN_ARG(text));
    return false;
}

const mr_yaml *mr_value_list(mr_pack *p, const mr_yaml *map, const char *key, size_t *ret_n) {
    const mr_yaml *m = mr_yaml_get(map, key);
    if (ret_n) *ret_n = 0;
    if (!m) return NULL;
    if (m->kind == MR_YAML_LIST) {
        if (!m->n) mr_complain(p->complaints, m->at, "\"%s\" is an empty list", key);
        if (ret_n) *ret_n = m->n;
        return m->first;
    }
    if (m->kind == MR_YAML_TEXT && m->text.len == 0) {
        mr_complain(p->complaints, m->at, "\"%s\" is empty", key);
        return NULL;
    }
    /* One value stands for a list of one; a copy without its neighbours. */
    mr_yaml *one = MR_NEW(p->arena, mr_yaml);
    if (!one) {
        mr_pack_out_of_room(p);
        return NULL;
    }
    *one = *m;
    one->next = NULL;
    if (ret_n) *ret_n = 1;
    return one;
}

bool mr_value_is_name(mr_span s) {
    if (s.len == 0 || s.len > 60 || s.ptr[0] < 'a' || s.ptr[0] > 'z') return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
    }
    return s.ptr[s.len - 1] != '-';
}

int mr_value_choice(mr_pack *p, mr_place at, mr_span text, const char *const *names, const char *what) {
    if (!text.ptr) return -1;
    for (int i = 0; names[i]; i++)
        if (mr_span_is(text, names[i])) return i;
    char all[200];
    size_t len = 0;
    for (int i = 0; names[i] && len + 30 < sizeof all; i++) {
        size_t n = strlen(names[i]);
        if (i) all[len++] = ',';
        if (i) all[len++] = ' ';
        memcpy(all + len, names[i], n);
        len += n;
    }
    all[len] = 0;
    mr_complain(p->complaints, at, "\"%.*s\" is no %s: %s", MR_SPAN_ARG(mr_utf8_cut(text, 60)), what, all);
    return -1;
}
