/* A drug group as ValueSet: the codes of its substances.
 *
 * A group is more than codes can say: it may ask for a route, a form or a strength. So the value set holds ingredients
 * (moieties and ingredients of SNOMED CT; ATC where there is no such id), what a product must be besides stands in an
 * extension beside each code and in words in `purpose`, and what has no code is named there. Products are left to
 * whoever has a dm+d release. */
#include "fhir_knowledge_parts.h"

#include "medreview/base/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNOMED "http://snomed.info/sct"
#define ATC "http://www.whocc.no/atc"

static const char copyright[] =
    "SNOMED CT ids out of the NHS dictionary of medicines and devices (dm+d): contains public sector information "
    "licensed under the Open Government Licence v3.0, source NHS Business Services Authority. Use of SNOMED CT needs "
    "the licence of your country's member; ATC codes are single facts, their index is WHO's.";

/* ---- codes, each once ---- */

typedef struct coded {
    bool atc;
    mr_span code, substance;
    size_t member; /* place in the group */
} coded;

static int by_code(const void *a, const void *b) {
    const coded *x = a, *y = b;
    if (x->atc != y->atc) return x->atc ? 1 : -1;
    int c = mr_span_cmp(x->code, y->code);
    if (!c) c = mr_span_cmp(x->substance, y->substance);
    return c ? c : x->member < y->member ? -1 : x->member > y->member;
}

typedef struct listing {
    const mr_fhir_knowledge *k;
    const mr_group *group;
    coded *v;
    size_t n;
} listing;

static void list_codes(listing *l) {
    mr_fhir_codes codes;
    for (size_t i = 0; i < l->group->n_members; i++) {
        mr_span substance = l->group->members[i].substance;
        if (!l->k->codes_of(l->k->of, substance, &codes)) continue;
        bool atc = codes.n_sct == 0;
        size_t n = atc ? codes.n_atc : codes.n_sct;
        for (size_t c = 0; c < n; c++) l->v[l->n++] = (coded){atc, atc ? codes.atc[c] : codes.sct[c], substance, i};
    }
    if (l->n) qsort(l->v, l->n, sizeof *l->v, by_code);
}

/* ---- what stands beside a code ---- */

static void member_terms(mr_jw *w, const listing *l, size_t from, size_t to, mr_buf *text) {
    bool free_of_terms = false;
    mr_buf_clear(text);
    for (size_t i = from; i < to; i++) {
        const mr_group_member *m = &l->group->members[l->v[i].member];
        if (i > from && l->v[i].member == l->v[i - 1].member) continue;
        if (text->len) mr_buf_adds(text, " | ");
        size_t start = text->len;
        mr_group_terms_text(m->routes, m->terms, text);
        free_of_terms = free_of_terms || text->len == start;
    }
    if (free_of_terms || text->len == 0) return;
    mr_jw_array(w, "extension");
    mr_jw_object(w, NULL);
    mr_fhir_our_url(w, "url", l->k, "/StructureDefinition/medreview-member-terms", MR_SPAN_NONE);
    mr_jw_string(w, "valueString", mr_buf_span(text));
    mr_jw_end(w);
    mr_jw_end(w);
}

static void concepts(mr_jw *w, const listing *l, bool atc) {
    bool open = false;
    mr_buf text;
    mr_buf_init(&text, 1 << 16);
    for (size_t i = 0, to; i < l->n; i = to) {
        for (to = i + 1; to < l->n && l->v[to].atc == l->v[i].atc && mr_span_eq(l->v[to].code, l->v[i].code);) to++;
        if (l->v[i].atc != atc) continue;
        if (!open) {
            mr_jw_object(w, NULL);
            mr_jw_z(w, "system", atc ? ATC : SNOMED);
            mr_jw_array(w, "concept");
            open = true;
        }
        mr_jw_object(w, NULL);
        member_terms(w, l, i, to, &text);
        mr_jw_string(w, "code", l->v[i].code);
        mr_jw_string(w, "display", l->v[i].substance);
        mr_jw_end(w);
    }
    if (open) {
        mr_jw_end(w);
        mr_jw_end(w);
    }
    if (text.rc != MR_OK) w->out->rc = text.rc;
    mr_buf_free(&text);
}

/* ---- words ---- */

static void uncoded(const listing *l, mr_buf *out) {
    mr_fhir_codes codes;
    size_t n = 0;
    for (size_t i = 0; i < l->group->n_members; i++) {
        mr_span s = l->group->members[i].substance;
        if ((i && mr_span_eq(s, l->group->members[i - 1].substance)) || l->k->codes_of(l->k->of, s, &codes)) continue;
        mr_buf_printf(out, "%s%.*s", n++ ? ", " : " Members without a code here: ", MR_SPAN_ARG(s));
    }
    if (n) mr_buf_addc(out, '.');
}

static void purpose(mr_jw *w, const listing *l) {
    const mr_group *g = l->group;
    mr_buf text;
    mr_buf_init(&text, 1 << 20);
    mr_buf_printf(&text,
                  "Drug group %.*s of the rules. A product is in the group with an ingredient that is listed here, and "
                  "meets what the extension medreview-member-terms says beside the code; without it, whatever acts in "
                  "the whole body counts.",
                  MR_SPAN_ARG(g->name));
    for (size_t i = 0; i < g->n_prefixes; i++)
        mr_buf_printf(&text, " Also in it: products whose %s code begins with %.*s.",
                      g->prefixes[i].bnf ? "BNF" : "ATC", MR_SPAN_ARG(g->prefixes[i].text));
    uncoded(l, &text);
    mr_jw_string(w, "purpose", mr_buf_span(&text));
    if (text.rc != MR_OK) w->out->rc = text.rc;
    mr_buf_free(&text);
}

void mr_fhir_group_id(const mr_group *g, char out[MR_FHIR_GROUP_ID]) {
    char digest_text[33];
    uint8_t digest[32];
    mr_sha256 h;
    if (g->name.len + 6 < MR_FHIR_GROUP_ID) {
        (void)snprintf(out, MR_FHIR_GROUP_ID, "group-%.*s", MR_SPAN_ARG(g->name));
        return;
    }
    mr_sha256_begin(&h);
    mr_sha256_add(&h, g->name.ptr, g->name.len);
    mr_sha256_end(&h, digest);
    mr_hex(digest, 8, digest_text);
    (void)snprintf(out, MR_FHIR_GROUP_ID, "group-%.41s-%.16s", g->name.ptr, digest_text);
}

static void computable_name(mr_jw *w, const mr_group *g) {
    char text[128];
    size_t n =
        (size_t)snprintf(text, sizeof text, "Group_%.*s", (int)(g->name.len > 100 ? 100 : g->name.len), g->name.ptr);
    for (size_t i = 0; i < n; i++)
        if (text[i] == '-') text[i] = '_';
    mr_jw_z(w, "name", text);
}

static void compose(mr_jw *w, const listing *l) {
    if (l->n == 0) return; /* an include without codes would mean a whole system */
    mr_jw_object(w, "compose");
    mr_jw_array(w, "include");
    concepts(w, l, false);
    concepts(w, l, true);
    mr_jw_end(w);
    mr_jw_end(w);
}

void mr_fhir_group_value_set(mr_jw *w, const char *name, const mr_fhir_knowledge *k, const mr_group *g) {
    char id[MR_FHIR_GROUP_ID];
    listing l = {.k = k, .group = g, .v = calloc(g->n_members * MR_FHIR_CODES + 1, sizeof *l.v)};
    if (!l.v) {
        w->out->rc = MR_NOMEM;
        return;
    }
    list_codes(&l);
    mr_fhir_group_id(g, id);
    mr_jw_object(w, name);
    mr_jw_z(w, "resourceType", "ValueSet");
    mr_jw_z(w, "id", id);
    mr_fhir_our_meta(w, k);
    mr_fhir_our_url(w, "url", k, "/ValueSet/", mr_span_of(id));
    mr_jw_string(w, "version", k->rules->version);
    computable_name(w, g);
    mr_jw_string(w, "title", g->title.len ? g->title : g->name);
    mr_jw_z(w, "status", "active");
    mr_fhir_dated(w, k);
    mr_jw_string_if(w, "description", g->source);
    purpose(w, &l);
    mr_jw_z(w, "copyright", copyright);
    compose(w, &l);
    mr_jw_end(w);
    free(l.v);
}
