/* Objects and lists walked in place, once, with a switch on the member names as numbers: no search for each member, no
 * call for each step.
 *
 * This header and json_simdjson.cpp are what knows simdjson's tape (tape.md there): a word a value, its type in the
 * highest byte; of a string the place where its length and bytes stand, of an object or array in the lower half the
 * place behind it, of a number the value in the word behind it. */
#ifndef MEDREVIEW_CODEC_FHIR_WALK_H
#define MEDREVIEW_CODEC_FHIR_WALK_H

#include "fhir_order.h"
#include "medreview/codec/json_view.h"

#define MR_FHIR_NAMES(X) X(id) X(end) X(for) X(url) X(code) X(link) X(meta) X(text) X(type) X(unit) X(when) X(other) X(route) X(start) X(value) X(active) X(coding) X(dosage) X(gender) X(intent) X(issued) X(period) X(repeat) X(status) X(system) X(timing) X(basedOn) X(display) X(fullUrl) X(patient) X(request) X(subject) X(isActive) X(reaction) X(resource) X(response) X(strength) X(birthDate) X(component) X(contained) X(dayOfWeek) X(extension) X(frequency) X(numerator) X(periodMax) X(reasonCode) X(reference) X(substance) X(versionId) X(authoredOn) X(comparator) X(identifier) X(ingredient) X(periodUnit) X(denominator) X(derivedFrom) X(doseAndRate) X(lastUpdated) X(onsetPeriod) X(abatementAge) X(dateAsserted) X(doNotPerform) X(doseQuantity) X(frequencyMax) X(recordedDate) X(resourceType) X(valueInteger) X(itemReference) X(onsetDateTime) X(valueDateTime) X(valueQuantity) X(abatementRange) X(clinicalStatus) X(validityPeriod) X(abatementPeriod) X(abatementString) X(asNeededBoolean) X(deceasedBoolean) X(dispenseRequest) X(effectivePeriod) X(deceasedDateTime) X(interpretation) X(reasonReference) X(effectiveInstant) X(abatementDateTime) X(dosageInstruction) X(effectiveDateTime) X(modifierExtension) X(verificationStatus) X(courseOfTherapyType) X(itemCodeableConcept) X(medicationReference) X(expectedSupplyDuration) X(numberOfRepeatsAllowed) X(asNeededCodeableConcept) X(medicationCodeableConcept)

typedef enum mr_fhir_name {
    N_unknown,
#define X(name) N_##name,
    MR_FHIR_NAMES(X)
#undef X
        N_COUNT
} mr_fhir_name;

/* What mr_json.at points to. */
typedef struct mr_json_tape {
    const uint64_t *words;
    const uint8_t *strings;
    mr_order *order; /* of members, as learnt so far */
    mr_json_doc *doc;
    bool zeros; /* a string may hold a zero byte */
    bool twice; /* a name, known or not, stood twice in an object that was walked to its end */
} mr_json_tape;

/* The members of an object whose names we know, in its order, each name once:
 * for (mr_fhir_member m = mr_fhir_members(v); mr_fhir_member_next(&m);) switch (m.name) ...
 * Go to the end: only then is a name that stands twice sure to be noted. Hand on what a member holds, not its address:
 * then the compiler keeps it in registers. */
typedef struct mr_fhir_member {
    mr_json value;
    mr_fhir_name name;
    size_t at, end;            /* of the next name; behind the last value */
    const mr_order_step *step; /* where to look for that name */
} mr_fhir_member;

/* The elements that are not null; a lone object or string where a list belongs counts as a list of one:
 * for (mr_fhir_list l = mr_fhir_each(v); mr_fhir_next(&l);) use(l.value) */
typedef struct mr_fhir_list {
    mr_json value;
    size_t at, end;
} mr_fhir_list;

#ifdef __cplusplus
extern "C" {
#endif
/* The step of a name that is on no known path: the whole object is looked through, and its path learnt. */
const mr_order_step *mr_fhir_path(const mr_json_tape *t, size_t at, size_t end) MR_NOEXCEPT;
/* Whether a name stood twice since it was asked last. */
bool mr_fhir_twice(mr_json v) MR_NOEXCEPT;
#ifdef __cplusplus
}
#endif

static inline const mr_json_tape *mr_tape_of(mr_json v) {
    return (const mr_json_tape *)v.at;
}

static inline uint8_t mr_tape_type(uint64_t word) {
    return (uint8_t)(word >> 56);
}

/* '{', '[', '"', 'n' and so on; 0: there is no value. */
static inline uint8_t mr_fhir_type(mr_json v) {
    return v.at ? mr_tape_type(mr_tape_of(v)->words[v.index]) : (uint8_t)0;
}

static inline bool mr_fhir_is_object(mr_json v) {
    return mr_fhir_type(v) == '{';
}

/* The place behind the value that stands at `at`. */
static inline size_t mr_tape_after(uint64_t word, size_t at) {
    const uint8_t type = mr_tape_type(word);
    if (type == '"') return at + 1;
    if (type == '{' || type == '[') return (uint32_t)word;
    return at + 1 + (type == 'l' || type == 'd' || type == 'u');
}

/* A string's length and bytes. */
static inline const uint8_t *mr_tape_place(const uint8_t *strings, uint64_t word) {
    return strings + (word & (((uint64_t)1 << 56) - 1));
}

static inline mr_span mr_tape_text(const uint8_t *place) {
    uint32_t length;
    mr_span s;
    memcpy(&length, place, sizeof length);
    s.ptr = (const char *)place + sizeof length;
    s.len = length;
    return s;
}

/* No members when it is no object. */
static inline mr_fhir_member mr_fhir_members(mr_json object) {
    const mr_json_tape *t = mr_tape_of(object);
    mr_fhir_member m;
    m.value = object;
    m.name = N_unknown;
    m.step = NULL;
    m.at = m.end = 0;
    if (!mr_fhir_is_object(object)) return m;
    m.at = object.index + 1;
    m.end = (uint32_t)t->words[object.index] - 1;
    if (m.at < m.end) m.step = t->order->first[mr_order_place(mr_tape_place(t->strings, t->words[m.at]))];
    return m;
}

static inline bool mr_fhir_member_next(mr_fhir_member *m) {
    const mr_json_tape *t = mr_tape_of(m->value);
    while (m->at < m->end) {
        const mr_order_step *s = mr_order_find(m->step, mr_tape_place(t->strings, t->words[m->at]));
        if (!s) s = mr_fhir_path(t, m->at, m->end);
        m->value.index = m->at + 1;
        const uint64_t word = t->words[m->value.index];
        m->at = mr_tape_after(word, m->value.index);
        m->step = s->next;
        m->name = (mr_fhir_name)s->name;
        if (m->name != N_unknown) return true;
    }
    return false;
}

/* mr_json_string without a call; `v` is there. */
static inline mr_span mr_fhir_string(mr_json v) {
    const mr_json_tape *t = mr_tape_of(v);
    const uint64_t word = t->words[v.index];
    mr_span none = {NULL, 0};
    return mr_tape_type(word) == '"' ? mr_tape_text(mr_tape_place(t->strings, word)) : none;
}

static inline mr_fhir_list mr_fhir_each(mr_json v) {
    mr_fhir_list l;
    l.value = v;
    l.at = l.end = 0;
    if (!v.at) return l;
    const uint64_t word = mr_tape_of(v)->words[v.index];
    const uint8_t type = mr_tape_type(word);
    if (type == '[') {
        l.at = v.index + 1;
        l.end = (uint32_t)word - 1;
    } else if (type != 'n') {
        l.at = v.index;
        l.end = mr_tape_after(word, v.index);
    }
    return l;
}

static inline bool mr_fhir_next(mr_fhir_list *l) {
    while (l->at < l->end) {
        const uint64_t word = mr_tape_of(l->value)->words[l->at];
        l->value.index = l->at;
        l->at = mr_tape_after(word, l->at);
        if (mr_tape_type(word) != 'n') return true;
    }
    return false;
}

/* Of the elements that mr_fhir_next gives. */
static inline size_t mr_fhir_count(mr_json list) {
    size_t n = 0;
    for (mr_fhir_list l = mr_fhir_each(list); mr_fhir_next(&l);) n++;
    return n;
}

#endif
