/* Code sets of a site among the codes of the packs. They come sorted and checked from a folder of CSV files or from an
 * index; what only the packs know is settled here: whether the concept exists, what its set replaces, and that a code
 * without a role is a value where the concept is a test. */
#include "names.h"
#include "pack.h"
#include "verhoeff.h"

#include "medreview/base/utf8.h"

#include <string.h>

/* Of each concept: where its codes begin to count, and what a code without a role means. */
typedef struct ground {
    size_t *from; /* 1 + the last list that replaces; 0: the packs count */
    bool *test;
} ground;

static mr_draft head_of(const mr_code_set *set) {
    mr_span file = set->file.len ? set->file : set->concept;
    return (mr_draft){set->concept, {.file = file, .line = 1, .site = true}};
}

static uint16_t find(const mr_pack *p, mr_span concept) {
    return mr_name_find(p->rules, MR_NAME_CONCEPT, concept);
}

/* A test is what has a unit, or codes that say a result or that it was done. */
static void find_tests(const mr_pack *p, const ground *g) {
    for (size_t i = 0; i < p->codes.n; i++) {
        const mr_code_draft *d = &p->codes.v[i];
        uint16_t c = find(p, d->head.name);
        if (c != MR_NO_NUMBER && (d->role == MR_ROLE_VALUE || d->role == MR_ROLE_TEST_DONE)) g->test[c] = true;
    }
    for (size_t i = 0; i < p->units.n; i++) {
        uint16_t c = find(p, p->units.v[i].head.name);
        if (c != MR_NO_NUMBER) g->test[c] = true;
    }
}

/* Every unknown concept is complained about here, once a set. */
static void find_replaced(mr_pack *p, const ground *g) {
    for (size_t i = 0; i < p->n_sets; i++)
        for (size_t k = 0; p->sets[i] && k < p->sets[i]->n_sets; k++) {
            const mr_code_set *set = &p->sets[i]->sets[k];
            mr_draft head = head_of(set);
            uint16_t c = mr_pack_concept_of(p, &head);
            if (c != MR_NO_NUMBER && set->replaces) g->from[c] = i + 1;
        }
}

/* The drafts anew, without those of replaced concepts, so that their keys go too. */
static void drop_replaced(mr_pack *p, const ground *g) {
    size_t n = p->codes.n, kept = 0;
    p->codes_seen = NULL;
    p->codes.n = 0;
    for (size_t i = 0; i < n && p->rc == MR_OK; i++) {
        mr_code_draft d = p->codes.v[i];
        uint16_t c = find(p, d.head.name);
        uint32_t place;
        if (c != MR_NO_NUMBER && g->from[c]) continue;
        if (!mr_pack_code_place(p, &d, &place)) return;
        p->codes.v[kept++] = d;
        p->codes.n = kept;
    }
}

static void keep(mr_pack *p, const mr_code_draft *d) {
    uint32_t place;
    if (!mr_pack_code_place(p, d, &place)) return;
    if (place < p->codes.n)
        p->codes.v[place] = *d; /* a later word on the same code */
    else if (!MR_PUSH(p->arena, p->codes.v, p->codes.n, p->codes.cap, *d))
        mr_pack_out_of_room(p);
}

static void add_set(mr_pack *p, const ground *g, const mr_code_set *set, uint16_t concept) {
    mr_code_draft d = {.head = head_of(set)};
    if (!mr_arena_dup(p->arena, d.head.at.file, &d.head.at.file)) mr_pack_out_of_room(p);
    d.head.name = p->rules->concepts[concept];
    for (size_t i = 0; i < set->n_codes && p->rc == MR_OK; i++) {
        const mr_set_code *code = &set->codes[i];
        bool snomed = mr_span_is(code->system, "http://snomed.info/sct");
        if (code->code.len == 0 || (snomed && !mr_verhoeff_valid(code->code))) {
            mr_complain(p->complaints, d.head.at, "\"%.*s\" is no SNOMED CT id: its check digit is wrong",
                        MR_SPAN_ARG(mr_utf8_cut(code->code, 60)));
            continue;
        }
        d.role = code->role == MR_ROLE_PRESENT && g->test[concept] ? MR_ROLE_VALUE : code->role;
        if (!mr_arena_dup(p->arena, code->system, &d.system) || !mr_arena_dup(p->arena, code->code, &d.code))
            mr_pack_out_of_room(p);
        else
            keep(p, &d);
    }
}

static void keep_pack_codes(mr_pack *p) {
    size_t n = p->codes.n;
    p->pack_codes = MR_NEW_N(p->arena, mr_code_draft, n + 1);
    if (!p->pack_codes) {
        mr_pack_out_of_room(p);
        return;
    }
    if (n) memcpy(p->pack_codes, p->codes.v, n * sizeof *p->codes.v);
    p->n_pack_codes = n;
}

void mr_pack_code_sets(mr_pack *p) {
    size_t n = p->rules->n_concepts;
    ground g = {MR_NEW_N(p->arena, size_t, n + 1), MR_NEW_N(p->arena, bool, n + 1)};
    if (!g.from || !g.test) {
        mr_pack_out_of_room(p);
        return;
    }
    keep_pack_codes(p);
    find_tests(p, &g);
    find_replaced(p, &g);
    if (p->rc == MR_OK) drop_replaced(p, &g);
    for (size_t i = 0; i < p->n_sets; i++)
        for (size_t k = 0; p->sets[i] && k < p->sets[i]->n_sets && p->rc == MR_OK; k++) {
            const mr_code_set *set = &p->sets[i]->sets[k];
            uint16_t c = find(p, set->concept);
            if (c != MR_NO_NUMBER && i + 1 >= g.from[c]) add_set(p, &g, set, c);
        }
}

static void sum_span(mr_sha256 *sum, mr_span s) {
    mr_sha256_add(sum, s.ptr, s.len);
    mr_sha256_add(sum, "", 1);
}

void mr_pack_sum_codes(const mr_code_set *set, mr_sha256 *sum) {
    sum_span(sum, set->concept);
    sum_span(sum, set->replaces ? MR_SPAN("only") : MR_SPAN("also"));
    for (size_t i = 0; i < set->n_codes; i++) {
        sum_span(sum, set->codes[i].system);
        sum_span(sum, set->codes[i].code);
        sum_span(sum, mr_span_of(mr_code_role_text(set->codes[i].role)));
    }
    sum_span(sum, MR_SPAN(""));
}
