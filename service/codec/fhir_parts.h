/* The small types of FHIR, read from JSON once and kept in the arena; private to the decoders.
 *
 * A reader collects what is wrong with the resource at hand instead of failing: the caller looks once at its end. What
 * FHIR allows is passed over in silence: unknown members, `_field` siblings, null in arrays. */
#ifndef MEDREVIEW_CODEC_FHIR_PARTS_H
#define MEDREVIEW_CODEC_FHIR_PARTS_H

#include "fhir_walk.h"
#include "medreview/codec/fhir_read.h"

typedef struct mr_fhir_reader {
    mr_arena *arena;
    bool borrow;    /* texts are left in the document; not so what may hold a zero byte */
    bool full;      /* the arena is out of room */
    bool odd;       /* a member that matters has another JSON type than FHIR gives it */
    bool bad_date;  /* a date that is none */
    bool modified;  /* a modifierExtension: it may turn the meaning round */
    mr_span system; /* the last code system kept: most codings of a page share it */
} mr_fhir_reader;

/* Forgets what was wrong; the arena and what was kept stay. */
void mr_fhir_reader_next(mr_fhir_reader *r);

mr_span mr_fhir_copy(mr_fhir_reader *r, mr_span s); /* a zero byte becomes a space */
/* Kept as long as the pages; the absent span stays absent, the empty one becomes it. */
static inline mr_span mr_fhir_keep(mr_fhir_reader *r, mr_span s) {
    if (!s.len) return MR_SPAN_NONE;
    return r->borrow ? s : mr_fhir_copy(r, s);
}
/* A row of a table of codes begins with one. */
#define MR_CODE(literal)                                                                                               \
    { literal, sizeof(literal) - 1 }
/* With a literal this costs no call. */
static inline bool mr_fhir_is(mr_span a, mr_span b) {
    return a.len == b.len && (!b.len || memcmp(a.ptr, b.ptr, b.len) == 0);
}
/* For texts that are mostly one and the same. */
static inline bool mr_fhir_same(mr_span a, mr_span b) {
    return (a.ptr == b.ptr && a.len == b.len) || mr_fhir_is(a, b);
}

/* Borrowed from the document; absent for null and "". */
static inline mr_span mr_fhir_peek(mr_fhir_reader *r, mr_json v) {
    mr_span s = mr_fhir_string(v);
    r->odd |= !s.ptr && mr_fhir_type(v) != 'n';
    return s.len ? s : MR_SPAN_NONE;
}
static inline mr_span mr_fhir_text(mr_fhir_reader *r, mr_json v) { /* peek and keep */
    return mr_fhir_keep(r, mr_fhir_peek(r, v));
}
void mr_fhir_flag(mr_fhir_reader *r, mr_json v, bool *ret);
/* Stays as it is when there is no date or a broken one, which is noted. `ret_instant_s` may be NULL. */
void mr_fhir_when(mr_fhir_reader *r, mr_span text, mr_when *ret, int64_t *ret_instant_s);
/* start and end of a Period; either may be NULL. */
void mr_fhir_period(mr_fhir_reader *r, mr_json v, mr_when *ret_start, mr_when *ret_end, int64_t *ret_end_s);

typedef struct mr_fhir_concept { /* CodeableConcept */
    mr_coding *codings;
    size_t n, cap;
    mr_span text;
} mr_fhir_concept;
void mr_fhir_concept_read(mr_fhir_reader *r, mr_json v, mr_fhir_concept *ret);
/* text, else the first display; absent when none. */
mr_span mr_fhir_concept_text(const mr_fhir_concept *c);
/* The first code, of whatever system; borrowed from the document. For status concepts with a required value set. */
mr_span mr_fhir_concept_code(mr_json v);
/* A list of CodeableConcept or Coding within "route" and the like, all codings together. */
void mr_fhir_coding_read(mr_fhir_reader *r, mr_json v, mr_fhir_concept *ret);

typedef struct mr_fhir_quantity {
    bool has_value;
    double value;
    mr_comparator comparator;
    mr_span unit; /* UCUM code where its system is UCUM, else the unit's text, else the code */
} mr_fhir_quantity;
void mr_fhir_quantity_read(mr_fhir_reader *r, mr_json v, mr_fhir_quantity *ret);

typedef struct mr_fhir_pointer { /* Reference */
    mr_span reference;
    mr_span identifier; /* "system|value" */
    mr_span display;    /* only where asked for: that of a patient is a name */
} mr_fhir_pointer;
void mr_fhir_pointer_read(mr_fhir_reader *r, mr_json v, bool with_display, mr_fhir_pointer *ret);
/* "system|value"; absent when there is no value. */
mr_span mr_fhir_identifier_read(mr_fhir_reader *r, mr_json v);

/* a, slash, b; the absent span when the arena is full. */
mr_span mr_fhir_join(mr_arena *arena, mr_span a, mr_span b);

/* [base/]Type/id[/_history/version]; false when it has not that form. Parts are borrowed; base and version may be
 * absent. */
typedef struct mr_fhir_target {
    mr_span base, type, id, version;
} mr_fhir_target;
bool mr_fhir_target_parse(mr_span reference, mr_fhir_target *ret);
/* Absolute: it begins with a scheme. */
bool mr_fhir_is_absolute(mr_span reference);
/* Two base URLs are the same place: host without case, default ports, slashes at the end. */
bool mr_fhir_same_base(mr_span a, mr_span b);

#endif
