/* The closed word lists of the dm+d naming convention: forms, routes, units, salts, devices. See name_words.c. */
#ifndef MEDREVIEW_TERMINOLOGY_NAME_WORDS_H
#define MEDREVIEW_TERMINOLOGY_NAME_WORDS_H

#include "room.h"

/* Words of text in lower case are runs of letters, digits, '-', '.', '%' and '\''; '/' and others stand between. */
bool mr_word_next(mr_span *rest, mr_span *ret);

bool mr_word_is_salt(mr_span word);
/* mr, xl, e/c, oral ...: words behind a name that say nothing about the substance. */
bool mr_word_is_qualifier(mr_span word);
/* A word that begins the form part of a name: tablets, oral, modified-release. */
bool mr_word_is_form(mr_span word);
/* Unit at the start of text: its canonical name and the bytes it takes; false when there is none. */
bool mr_unit_read(mr_span text, mr_span *ret_unit, size_t *ret_len);
/* Reads form, route and release from the words behind the strength; what is not said stays as it is in *shape. */
void mr_shape_read(mr_span text, mr_shape *shape);
/* Dressings, devices and foods that contain no medicine. */
bool mr_words_no_medicine(mr_span text);

#endif
