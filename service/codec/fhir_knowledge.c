/* What PlanDefinition and ValueSet share; and the words of an identity. */
#include "fhir_knowledge_parts.h"

#include <stdio.h>
#include <string.h>

bool mr_fhir_base_ok(mr_span s) {
    bool known = mr_span_starts(s, "https://") || mr_span_starts(s, "http://") || mr_span_starts(s, "urn:");
    if (!known || s.len > 200 || mr_span_ends(s, "/") || mr_span_ends(s, ":")) return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || strchr("\"\\<>^`{|}#?", s.ptr[i])) return false;
    return true;
}

void mr_fhir_our_url(mr_jw *w, const char *name, const mr_fhir_knowledge *k, const char *path, mr_span rest) {
    char url[MR_FHIR_URL];
    (void)snprintf(url, sizeof url, "%.*s%s%.*s", MR_SPAN_ARG(k->base_uri), path, MR_SPAN_ARG(rest));
    mr_jw_z(w, name, url);
}

void mr_fhir_our_meta(mr_jw *w, const mr_fhir_knowledge *k) {
    mr_jw_object(w, "meta");
    mr_jw_array(w, "tag");
    mr_jw_object(w, NULL);
    mr_fhir_our_url(w, "system", k, "/tag", MR_SPAN_NONE);
    mr_jw_z(w, "code", "medreview");
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_end(w);
}

/* "2026.11" and "2026.11+site.0123" are of November 2026; a version of another make gives no date. */
static bool month_of(mr_span version, char out[8]) {
    static const char form[] = "dddd.dd";
    if (version.len < 7 || (version.len > 7 && version.ptr[7] != '+')) return false;
    for (size_t i = 0; i < 7; i++) {
        bool digit = version.ptr[i] >= '0' && version.ptr[i] <= '9';
        if (form[i] == 'd' ? !digit : version.ptr[i] != form[i]) return false;
    }
    (void)snprintf(out, 8, "%.4s-%.2s", version.ptr, version.ptr + 5);
    return strcmp(out + 5, "01") >= 0 && strcmp(out + 5, "12") <= 0;
}

void mr_fhir_dated(mr_jw *w, const mr_fhir_knowledge *k) {
    char month[8];
    mr_jw_bool(w, "experimental", false);
    if (month_of(k->rules->version, month)) mr_jw_z(w, "date", month);
    mr_jw_z(w, "publisher", "medreview");
}

void mr_fhir_adults(mr_jw *w) {
    mr_jw_array(w, "useContext");
    mr_jw_object(w, NULL);
    mr_jw_object(w, "code");
    mr_jw_z(w, "system", "http://terminology.hl7.org/CodeSystem/usage-context-type");
    mr_jw_z(w, "code", "age");
    mr_jw_end(w);
    mr_jw_object(w, "valueRange");
    mr_jw_object(w, "low");
    mr_jw_int(w, "value", 18);
    mr_jw_z(w, "unit", "years");
    mr_jw_z(w, "system", "http://unitsofmeasure.org");
    mr_jw_z(w, "code", "a");
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_end(w);
    mr_jw_end(w);
}

void mr_fhir_coding_list(mr_jw *w, const char *system, mr_span code, mr_span display) {
    mr_jw_array(w, "coding");
    mr_jw_object(w, NULL);
    mr_jw_z(w, "system", system);
    mr_jw_string(w, "code", code);
    mr_jw_string_if(w, "display", display);
    mr_jw_end(w);
    mr_jw_end(w);
}

void mr_identity_write(const mr_ruleset *rules, const mr_identity *id, mr_buf *out) {
    static const char *const before[] = {
        [MR_ID_EACH] = "",      [MR_ID_MIXTURE] = "",     [MR_ID_ALL] = "all:", [MR_ID_SAME] = "same:",
        [MR_ID_TEST] = "test:", [MR_ID_START] = "start:", [MR_ID_ANY] = "any",  [MR_ID_PATIENT] = "patient"};
    mr_buf_adds(out, before[id->form]);
    mr_buf_addsp(out, id->word);
    if (id->form == MR_ID_TEST) mr_buf_addc(out, '+');
    for (size_t i = 0; i < id->n_groups && id->form != MR_ID_START; i++) {
        if (i) mr_buf_addc(out, id->form == MR_ID_MIXTURE ? ',' : '|');
        mr_buf_addsp(out, rules->groups[id->groups[i]].name);
    }
}
