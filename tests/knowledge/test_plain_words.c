/* Whether patients can read what is written for them: the meanings of all harms and the prompts of the conversation.
 *
 * Measured as the Flesch-Kincaid grade, 0.39 * words a sentence + 11.8 * syllables a word - 15.59; a reading age is the
 * grade and 5. A syllable is counted for each run of vowels (y too), without a silent e at the end; a word has at least
 * one. That is rough for one word and fair for a text, so a text of its own may be somewhat above what all of them
 * together must keep: 9 to 11 years. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "medreview/knowledge/knowledge.h"

#include <ctype.h>
#include <string.h>

enum { MOST_WORDS_A_SENTENCE = 20 };

typedef struct reading {
    unsigned sentences, words, syllables, longest;
} reading;

static bool is_vowel(char c) {
    return c && strchr("aeiouy", tolower((unsigned char)c));
}

static unsigned syllables(const char *w, size_t n) {
    unsigned count = 0;
    for (size_t i = 0; i < n; i++) count += is_vowel(w[i]) && (!i || !is_vowel(w[i - 1]));
    bool silent_e = n > 2 && w[n - 1] == 'e' && !is_vowel(w[n - 2]) && w[n - 2] != 'l';
    if (silent_e && count > 1) count--;
    return count ? count : 1;
}

static reading read_of(mr_span text) {
    reading r = {0};
    unsigned words = 0;
    for (size_t i = 0; i <= text.len;) {
        size_t k = i;
        while (k < text.len && isalpha((unsigned char)text.ptr[k])) k++;
        if (k > i) {
            words++;
            r.syllables += syllables(text.ptr + i, k - i);
            i = k;
            continue;
        }
        bool ends = i == text.len || strchr(".?!", text.ptr[i]);
        if (ends && words) {
            r.sentences++;
            r.words += words;
            if (words > r.longest) r.longest = words;
            words = 0;
        }
        i++;
    }
    return r;
}

static double reading_age(reading r) {
    return 0.39 * r.words / r.sentences + 11.8 * r.syllables / r.words - 15.59 + 5;
}

static mr_knowledge *shipped(void) {
    mr_knowledge *k = NULL;
    mr_error err = {0};
    if (mr_knowledge_load(NULL, &k, NULL, &err)) fail_msg("%s", err.text);
    return k;
}

static void test_the_measure_itself(void **state) {
    (void)state;
    reading r = read_of(MR_SPAN("The cat sat. It is a table, made of wood!"));
    assert_int_equal(r.sentences, 2);
    assert_int_equal(r.words, 10);
    assert_int_equal(r.syllables, 11);
    assert_int_equal(r.longest, 7);
    assert_true(reading_age(read_of(MR_SPAN("Anticholinergic medication exacerbates constipation."))) > 16);
}

/* A text is made of several meanings; none of its sentences may stand in it twice. */
static void no_sentence_twice(mr_span a, mr_span b) {
    mr_span one, tail = a;
    while (tail.ptr) {
        (void)mr_span_split(tail, '.', &one, &tail);
        one = mr_span_trim(one);
        mr_span other, rest = b;
        while (one.len && rest.ptr) {
            (void)mr_span_split(rest, '.', &other, &rest);
            if (mr_span_eq(mr_span_trim(other), one)) fail_msg("twice: %.*s", MR_SPAN_ARG(one));
        }
    }
}

static void test_harms_in_plain_words(void **state) {
    (void)state;
    mr_knowledge *k = shipped();
    const mr_ruleset *rules = mr_knowledge_rules(k);
    reading all = {0};
    unsigned hard = 0;
    for (size_t i = 0; i < rules->n_harms; i++) {
        reading r = read_of(rules->harms[i].meaning);
        if (r.longest > MOST_WORDS_A_SENTENCE || reading_age(r) > 14) {
            print_error("%.*s: reading age %.1f, a sentence of %u words\n", MR_SPAN_ARG(rules->harms[i].key),
                        reading_age(r), r.longest);
            hard++;
        }
        for (size_t o = 0; o < i; o++) no_sentence_twice(rules->harms[o].meaning, rules->harms[i].meaning);
        all.sentences += r.sentences;
        all.words += r.words;
        all.syllables += r.syllables;
    }
    print_message("harms: reading age %.1f, %.1f words a sentence\n", reading_age(all),
                  (double)all.words / all.sentences);
    assert_int_equal(hard, 0);
    assert_true(reading_age(all) <= 11);
    mr_knowledge_free(k);
}

static void test_prompts_in_plain_words(void **state) {
    (void)state;
    mr_knowledge *k = shipped();
    const mr_ruleset *rules = mr_knowledge_rules(k);
    assert_true(rules->n_prompts >= 6);
    reading all = {0};
    for (size_t i = 0; i < rules->n_prompts; i++) {
        reading r = read_of(rules->prompts[i].text);
        if (r.longest > 25) fail_msg("%u words: %.*s", r.longest, MR_SPAN_ARG(rules->prompts[i].text));
        all.sentences += r.sentences;
        all.words += r.words;
        all.syllables += r.syllables;
    }
    print_message("prompts: reading age %.1f\n", reading_age(all));
    assert_true(reading_age(all) <= 11.5);
    mr_knowledge_free(k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_measure_itself),
        cmocka_unit_test(test_harms_in_plain_words),
        cmocka_unit_test(test_prompts_in_plain_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
