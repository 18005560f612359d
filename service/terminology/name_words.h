/* The closed word lists of the dm+d naming convention (data/words.tsv), and the units of strengths. */
#ifndef MEDREVIEW_TERMINOLOGY_NAME_WORDS_H
#define MEDREVIEW_TERMINOLOGY_NAME_WORDS_H

#include "room.h"

#include "medreview/base/tsv.h"

typedef struct mr_words mr_words;

/* What one word is, of all the kinds in words.tsv. Ranks count from 1 in the order of the file; 0: is none. */
typedef struct mr_word {
    mr_span form;
    mr_route form_route, route, container;
    unsigned form_rank, route_rank, container_rank;
    bool begins_form, release, soluble, intrauterine, salt, qualifier;
} mr_word;

mr_rc mr_words_load(mr_arena *a, const char *file, mr_span bytes, mr_words **ret, mr_error *err) MR_MUST_CHECK;
/* The word, or the word of which this is the plural; NULL when it is in no list. */
const mr_word *mr_words_find(const mr_words *w, mr_span word);
/* Reads form, route and release from the words behind the strength; what is not said stays as it is in *shape. */
void mr_words_shape(const mr_words *w, mr_span text, mr_shape *shape);
/* Dressings, devices and foods, where no substance was found; and what is a device even with a substance's name in it.
 */
bool mr_words_no_medicine(const mr_words *w, mr_span text);
bool mr_words_device(const mr_words *w, mr_span text);
/* Is this whole name, in lower case, a colour, flavour or carrier, though dm+d lists it as a moiety? */
bool mr_words_vehicle(const mr_words *w, mr_span name);

/* Words of text in lower case are runs of letters, digits, '-', '.', '%' and '\''; '/' and others stand between. */
bool mr_word_next(mr_span *rest, mr_span *ret);
/* Unit at the start of text: its canonical name and the bytes it takes; false when there is none. */
bool mr_unit_read(mr_span text, mr_span *ret_unit, size_t *ret_len);

const mr_words *mr_term_words(const mr_terminology *t);

#endif
