/* The contract of the json form, held against one review: members, kinds, and that no medicine of the input is lost. */
#ifndef REVIEW_ACCOUNTS_H
#define REVIEW_ACCOUNTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct member {
    const char *name;
    char kind; /* s string, b bool, a array, o object, n number, S strings, N number or null, O object or null */
    bool optional;
} member;

static inline bool kind_fits(const json_t *v, char kind) {
    size_t i;
    json_t *e;
    switch (kind) {
    case 's': return json_is_string(v);
    case 'b': return json_is_boolean(v);
    case 'o': return json_is_object(v);
    case 'n': return json_is_number(v);
    case 'N': return json_is_number(v) || json_is_null(v);
    case 'O': return json_is_object(v) || json_is_null(v);
    case 'S': json_array_foreach(v, i, e) if (!json_is_string(e)) return false; return json_is_array(v);
    default: return json_is_array(v);
    }
}

/* In the order of the table, none missing, none that is not in it. */
static inline const char *members_check(json_t *object, const member *table, size_t n) {
    static char why[200];
    const char *name;
    json_t *v;
    size_t at = 0;
    if (!json_is_object(object)) return "no object";
    json_object_foreach(object, name, v) {
        while (at < n && strcmp(table[at].name, name) != 0) {
            snprintf(why, sizeof why, "%s is missing or out of order before %s", table[at].name, name);
            if (!table[at].optional) return why;
            at++;
        }
        snprintf(why, sizeof why, "%s is no member", name);
        if (at == n) return why;
        snprintf(why, sizeof why, "%s is of another kind", name);
        if (!kind_fits(v, table[at].kind)) return why;
        at++;
    }
    for (; at < n; at++) {
        snprintf(why, sizeof why, "%s is missing", table[at].name);
        if (!table[at].optional) return why;
    }
    return NULL;
}

#define CHECK(object, table) members_check(object, table, sizeof table / sizeof *table)

static inline const char *list_check(json_t *list, const member *table, size_t n) {
    size_t i;
    json_t *e;
    json_array_foreach(list, i, e) {
        const char *why = members_check(e, table, n);
        if (why) return why;
    }
    return NULL;
}

#define CHECK_LIST(list, table) list_check(list, table, sizeof table / sizeof *table)

/* NULL when the review keeps to product.md section 5, else what is wrong. */
static inline const char *contract_check(json_t *root) {
    static const member whole[] = {
        {"patient", 's', true},       {"asOf", 's', false},    {"knowledge", 's', false},  {"terminology", 's', false},
        {"complete", 'b', false},     {"gaps", 'a', false},    {"medicines", 'a', false},  {"notAssessed", 'a', false},
        {"cannotAssess", 'a', false}, {"burden", 'o', false},  {"findings", 'a', false},   {"conversation", 'S', false},
        {"forPatient", 's', false},   {"prompts", 'a', false}, {"suppressed", 'a', false}, {"task", 'O', false},
    };
    static const member gap[] = {{"code", 's', false}, {"text", 's', false}, {"reference", 's', true}};
    static const member medicine[] = {{"reference", 's', false},  {"references", 'S', false},  {"text", 's', true},
                                      {"substances", 'S', false}, {"groups", 'S', false},      {"state", 's', false},
                                      {"since", 's', true},       {"until", 's', true},        {"dailyDose", 'o', true},
                                      {"doseUnknown", 's', true}, {"recognisedBy", 's', false}};
    static const member not_assessed[] = {{"reference", 's', false}, {"text", 's', true}, {"reason", 's', false}};
    static const member cannot[] = {{"missing", 's', false}, {"rules", 'S', false}, {"settledBy", 's', true}};
    static const member burden[] = {
        {"medicines", 'n', false}, {"anticholinergic", 'o', false}, {"opioidMorphineMgPerDay", 'N', false},
        {"fallsRisk", 'n', false}, {"scales", 'a', true},           {"lists", 'a', true},
        {"shares", 'a', true}};
    static const member plan[] = {{"canStopAtOnce", 'b', true}, {"steps", 'a', false},     {"watch", 'S', false},
                                  {"redFlags", 'S', false},     {"lookAgain", 's', true},  {"who", 's', false},
                                  {"onRelapse", 's', true},     {"medicines", 'S', false}, {"why", 's', true},
                                  {"slower", 's', true},        {"doses", 's', true},      {"source", 's', true},
                                  {"order", 's', true},         {"others", 'a', true}};
    static const member what_if[] = {{"without", 'S', false},
                                     {"gone", 'S', false},
                                     {"appear", 'S', false},
                                     {"burden", 'o', false},
                                     {"goneFindings", 'S', false}};
    static const member finding[] = {
        {"id", 's', false},        {"rule", 's', false},    {"harm", 's', false},       {"title", 's', false},
        {"severity", 's', false},  {"urgency", 's', false}, {"certainty", 's', false},  {"rank", 'n', false},
        {"rankReason", 's', true}, {"missing", 'S', false}, {"implicated", 'S', false}, {"evidence", 'a', false},
        {"sources", 'a', false},   {"action", 's', false},  {"reviewer", 's', false},   {"goesAwayWhen", 's', false},
        {"stopPlan", 'o', true},   {"whatIf", 'o', true}};
    static const member evidence[] = {
        {"reference", 's', true}, {"text", 's', false}, {"value", 'n', true}, {"unit", 's', true}, {"date", 's', true}};
    static const member source[] = {
        {"rule", 's', false}, {"version", 's', false}, {"tool", 's', false}, {"criterion", 's', true}};
    static const member suppressed[] = {
        {"id", 's', false}, {"rule", 's', false}, {"by", 's', false}, {"until", 's', true}};
    static const member task[] = {
        {"priority", 's', false}, {"due", 's', false}, {"role", 's', true}, {"findings", 'S', false}};
    size_t i;
    json_t *f, *t = json_object_get(root, "task");
    const char *why = CHECK(root, whole);
    if (!why) why = CHECK_LIST(json_object_get(root, "gaps"), gap);
    if (!why) why = CHECK_LIST(json_object_get(root, "medicines"), medicine);
    if (!why) why = CHECK_LIST(json_object_get(root, "notAssessed"), not_assessed);
    if (!why) why = CHECK_LIST(json_object_get(root, "cannotAssess"), cannot);
    if (!why) why = CHECK(json_object_get(root, "burden"), burden);
    if (!why) why = CHECK_LIST(json_object_get(root, "findings"), finding);
    if (!why) why = CHECK_LIST(json_object_get(root, "suppressed"), suppressed);
    if (!why && json_is_object(t)) why = CHECK(t, task);
    json_array_foreach(json_object_get(root, "findings"), i, f) {
        if (!why) why = CHECK_LIST(json_object_get(f, "evidence"), evidence);
        if (!why) why = CHECK_LIST(json_object_get(f, "sources"), source);
        json_t *stop = json_object_get(f, "stopPlan"), *without = json_object_get(f, "whatIf");
        if (!why && stop) why = CHECK(stop, plan);
        if (!why && stop) why = CHECK_LIST(json_object_get(stop, "others"), plan);
        if (!why && without) why = CHECK(without, what_if);
        if (!why && without) why = CHECK(json_object_get(without, "burden"), burden);
        if (!why && strlen(json_string_value(json_object_get(f, "id"))) != 32) why = "an id that is not 32 digits";
    }
    return why;
}

static inline bool stands_in(json_t *review, const char *reference) {
    size_t i, k;
    json_t *m, *r;
    json_array_foreach(json_object_get(review, "medicines"), i, m) {
        json_array_foreach(json_object_get(m, "references"), k,
                           r) if (strcmp(json_string_value(r), reference) == 0) return true;
    }
    json_array_foreach(json_object_get(review, "notAssessed"), i, m) {
        if (strcmp(json_string_value(json_object_get(m, "reference")), reference) == 0) return true;
    }
    return false;
}

#endif
