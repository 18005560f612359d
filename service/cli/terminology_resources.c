/* The medicines that FHIR JSON names, for `terminology coverage`: one resource or Bundle, or NDJSON (a resource a
 * line). Each coded concept is asked as the review would ask it; a reference is counted at the Medication it leads to.
 */
#include "terminology_parts.h"

#include "medreview/codec/json_view.h"

enum { NESTED_MOST = 8, QUESTION_BYTES = 1 << 20 };

typedef struct naming {
    mr_term_each *each;
    void *arg;
    mr_arena *a;
    mr_error *err;
} naming;

static mr_coding coding_of(mr_json v) {
    return (mr_coding){.system = mr_json_string(mr_json_get(v, "system")),
                       .code = mr_json_string(mr_json_get(v, "code")),
                       .display = mr_json_string(mr_json_get(v, "display"))};
}

static mr_rc concept_read(naming *m, mr_json concept) {
    mr_json codings = mr_json_get(concept, "coding");
    mr_coding *v = MR_NEW_N(m->a, mr_coding, mr_json_size(codings) + 1);
    if (!v) return mr_arena_why(m->a, m->err);
    size_t n = 0;
    for (mr_json_iter it = mr_json_begin(codings); mr_json_next(&it);) v[n++] = coding_of(it.value);
    mr_term_question q = {.codings = v, .n_codings = n, .text = mr_json_string(mr_json_get(concept, "text"))};
    if (!n && !q.text.len) return MR_OK;
    mr_span shown = q.text.len ? q.text : v[0].display.len ? v[0].display : v[0].code;
    return m->each(m->arg, &q, shown, m->a, m->err);
}

static mr_rc resource_read(naming *m, mr_json resource, unsigned depth) {
    static const char *const orders[] = {"MedicationStatement", "MedicationRequest", "MedicationDispense",
                                         "MedicationAdministration"};
    mr_span type = mr_json_string(mr_json_get(resource, "resourceType"));
    mr_rc rc = MR_OK;
    if (!type.len || depth > NESTED_MOST) return mr_fail(m->err, MR_MALFORMED, "JSON, but no FHIR resource");
    if (mr_span_is(type, "Medication")) rc = concept_read(m, mr_json_get(resource, "code"));
    for (size_t i = 0; i < sizeof orders / sizeof *orders && rc == MR_OK; i++)
        if (mr_span_is(type, orders[i])) rc = concept_read(m, mr_json_get(resource, "medicationCodeableConcept"));
    mr_json_iter inside = mr_json_begin(mr_json_get(resource, "contained"));
    while (rc == MR_OK && mr_json_next(&inside)) rc = resource_read(m, inside.value, depth + 1);
    if (!mr_span_is(type, "Bundle")) return rc;
    mr_json_iter entries = mr_json_begin(mr_json_get(resource, "entry"));
    while (rc == MR_OK && mr_json_next(&entries)) {
        mr_json held = mr_json_get(entries.value, "resource"); /* absent where the entry is only a request */
        if (mr_json_kind_of(held) != MR_J_NONE) rc = resource_read(m, held, depth + 1);
    }
    return rc;
}

static mr_rc text_read(mr_json_doc *doc, mr_span text, mr_term_each *each, void *arg, mr_error *err) {
    mr_json root;
    mr_rc rc = mr_json_parse(doc, text, false, &root, err);
    if (rc != MR_OK) return rc;
    naming m = {each, arg, mr_arena_new((size_t)QUESTION_BYTES + text.len), err};
    if (!m.a) return mr_fail(err, MR_NOMEM, "out of memory");
    rc = resource_read(&m, root, 0);
    mr_arena_free(m.a);
    return rc;
}

bool mr_term_is_json(mr_span bytes) {
    mr_span s = mr_span_trim(bytes);
    return s.len && (s.ptr[0] == '{' || s.ptr[0] == '[');
}

/* NDJSON is told by its first line, which is a whole value; a Bundle on one line is NDJSON of one. */
static bool line_by_line(mr_json_doc *doc, mr_span text) {
    mr_span line, rest;
    mr_json root;
    mr_error ignored;
    (void)mr_span_split(text, '\n', &line, &rest);
    return mr_json_parse(doc, line, false, &root, &ignored) == MR_OK;
}

mr_rc mr_term_resources(mr_span bytes, mr_term_each *each, void *arg, mr_error *err) {
    mr_span text = mr_span_trim(bytes), line;
    mr_json_doc *doc = mr_json_doc_new();
    if (!doc) return mr_fail(err, MR_NOMEM, "out of memory");
    mr_rc rc = MR_OK;
    if (line_by_line(doc, text)) {
        unsigned number = 0;
        for (bool more = true; more && rc == MR_OK;) {
            more = mr_span_split(text, '\n', &line, &text);
            number++;
            if (mr_span_trim(line).len) rc = text_read(doc, line, each, arg, err);
        }
        if (rc != MR_OK) rc = mr_wrap(err, "line %u", number);
    } else {
        rc = text_read(doc, text, each, arg, err);
    }
    mr_json_doc_free(doc);
    return rc;
}
