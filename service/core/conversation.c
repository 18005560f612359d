/* What to talk about: prompts for the conversation, and a text that the patient can read.
 *
 * The patient's text is made of short sentences of common words (a reading age of 9 to 11) around the harm's own plain
 * meaning. It names medicines and never a diagnosis. */
#include "candidate.h"

#include <stdlib.h>

enum { LEAST_PROMPTS = 3, MOST_PROMPTS = 6, MOST_OF_A_KIND = 3, MOST_TOLD = 4 };

/* ---- prompts ---- */

static int prompt_order(const void *left, const void *right) {
    const mr_prompt_text *const *a = left, *const *b = right;
    if ((*a)->order != (*b)->order) return (*a)->order < (*b)->order ? -1 : 1;
    return mr_span_cmp((*a)->text, (*b)->text);
}

static bool asked_for(const mr_sight *s, const mr_prompt_text *p) {
    for (size_t i = 0; i < p->n_groups; i++)
        if (mr_bits_has(&s->taken, p->groups[i])) return true;
    return false;
}

/* Prompts about what is taken come first, then those that fit everyone; three of each at most, but never fewer than
 * three in all when there are as many. */
bool mr_conversation_choose(const mr_sight *s, mr_assessment *ret) {
    const mr_ruleset *rules = s->rules;
    const mr_prompt_text **special = MR_NEW_N(s->arena, const mr_prompt_text *, rules->n_prompts);
    const mr_prompt_text **general = MR_NEW_N(s->arena, const mr_prompt_text *, rules->n_prompts);
    const mr_prompt_text **chosen = MR_NEW_N(s->arena, const mr_prompt_text *, MOST_PROMPTS);
    size_t n_special = 0, n_general = 0, n = 0;
    if (!special || !general || !chosen) return false;
    for (size_t i = 0; i < rules->n_prompts; i++) {
        const mr_prompt_text *p = &rules->prompts[i];
        if (!p->n_groups)
            general[n_general++] = p;
        else if (asked_for(s, p))
            special[n_special++] = p;
    }
    if (n_special) qsort(special, n_special, sizeof *special, prompt_order);
    if (n_general) qsort(general, n_general, sizeof *general, prompt_order);
    for (size_t i = 0; i < n_special && i < MOST_OF_A_KIND; i++) chosen[n++] = special[i];
    for (size_t i = 0; i < n_general && i < MOST_OF_A_KIND; i++) chosen[n++] = general[i];
    for (size_t i = MOST_OF_A_KIND; i < n_general && n < LEAST_PROMPTS; i++) chosen[n++] = general[i];
    for (size_t i = MOST_OF_A_KIND; i < n_special && n < LEAST_PROMPTS; i++) chosen[n++] = special[i];
    if (n) qsort(chosen, n, sizeof *chosen, prompt_order);
    ret->conversation = MR_NEW_N(s->arena, mr_span, n);
    for (size_t i = 0; ret->conversation && i < n; i++) ret->conversation[ret->n_conversation++] = chosen[i]->text;
    return ret->conversation != NULL;
}

/* ---- the patient's text ---- */

/* "naproxen", "apixaban and naproxen", "a, b and c"; the absent span when out of room. */
static mr_span list_of(const mr_span *v, size_t n, mr_arena *a) {
    mr_span all = MR_SPAN("");
    for (size_t i = 0; i < n && all.ptr; i++)
        all = mr_arena_printf(a, "%.*s%s%.*s", MR_SPAN_ARG(all),
                              !i           ? ""
                              : i + 1 == n ? " and "
                                           : ", ",
                              MR_SPAN_ARG(v[i]));
    return all;
}

static bool same_sentence(const mr_finding *a, const mr_finding *b) {
    return mr_span_eq(a->harm->meaning, b->harm->meaning);
}

static bool listed(const mr_span *v, size_t n, mr_span s) {
    for (size_t i = 0; i < n; i++)
        if (mr_span_eq(v[i], s)) return true;
    return false;
}

/* One harm in the patient's words, about the medicines of all findings from `first` on that say it. */
static mr_span told(const mr_assessment *ret, size_t first, mr_arena *a) {
    const mr_finding *f = &ret->findings[first];
    size_t most = 0, n = 0;
    for (size_t i = first; i < ret->n_findings; i++) most += ret->findings[i].n_substances;
    mr_span *v = MR_NEW_N(a, mr_span, most);
    if (!v) return MR_SPAN_NONE;
    for (size_t i = first; i < ret->n_findings; i++)
        for (size_t k = 0; same_sentence(f, &ret->findings[i]) && k < ret->findings[i].n_substances; k++)
            if (!listed(v, n, ret->findings[i].substances[k])) v[n++] = ret->findings[i].substances[k];
    if (!n) return mr_arena_printf(a, "%.*s", MR_SPAN_ARG(f->harm->meaning));
    mr_span names = list_of(v, n, a);
    if (!names.ptr) return names;
    return mr_arena_printf(a, "About %.*s: %.*s", MR_SPAN_ARG(names), MR_SPAN_ARG(f->harm->meaning));
}

static bool told_before(const mr_assessment *ret, size_t number) {
    for (size_t i = 0; i < number; i++)
        if (same_sentence(&ret->findings[i], &ret->findings[number])) return true;
    return false;
}

/* Sentences that stand under the findings, or instead of them. */
static const char *close_of(const mr_sight *s, const mr_assessment *ret, size_t told_n) {
    if (told_n)
        return "Do not stop or change a medicine by yourself. Talk it over with your pharmacist, nurse or doctor "
               "first.";
    if (!s->record->complete)
        return "We could not read all of your list. Please bring all your medicines when you come.";
    if (ret->n_cannot || ret->n_findings || s->record->n_not_assessed || s->record->n_gaps)
        return "There are some things that we could not check. Ask your pharmacist, nurse or doctor about them.";
    return "We found nothing that needs to change today. Ask us if you have a worry about a medicine.";
}

bool mr_patient_text(const mr_sight *s, mr_assessment *ret) {
    size_t n = 0;
    mr_span text = MR_SPAN("We looked at the medicines on your list.");
    for (size_t i = 0; i < ret->n_findings && n < MOST_TOLD; i++) {
        const mr_finding *f = &ret->findings[i];
        if (!f->harm->meaning.len || told_before(ret, i)) continue;
        mr_span one = told(ret, i, s->arena);
        text = one.ptr ? mr_arena_printf(s->arena, "%.*s %.*s", MR_SPAN_ARG(text), MR_SPAN_ARG(one)) : one;
        if (!text.ptr) return false;
        n++;
    }
    text = mr_arena_printf(s->arena, "%.*s %s", MR_SPAN_ARG(text), close_of(s, ret, n));
    if (n && text.ptr && !s->record->complete)
        text = mr_arena_printf(s->arena, "%.*s We could not read all of your list. Please bring all your medicines.",
                               MR_SPAN_ARG(text));
    ret->for_patient = text;
    return text.ptr != NULL;
}
