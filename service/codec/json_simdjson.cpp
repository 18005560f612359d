/* simdjson's DOM behind json_view.h. The one C++ file: no C++ type leaves it and nothing in it throws.
 *
 * A handle is the document and an index on simdjson's tape, so getters cost a look at the tape and no allocation. The
 * parser picks its kernel for the machine at run time; there is no -march here. What the DOM does not give is added: a
 * depth limit of ours, duplicate names, a digest that ignores the order of members. */
extern "C" { /* C headers: they do not know of C++ */
#include "medreview/base/error.h"
#include "medreview/base/limits.h"
#include "medreview/base/span.h"
}
#include "fhir_walk.h"
#include "medreview/codec/json_view.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

using simdjson::dom::parser;

/* An object whose names stand in no order that can be learnt, while it is walked. */
struct lost_object {
    size_t begin, at, end;
    uint64_t seen[2]; /* the names before `at`, one bit each */
};

struct mr_json_doc {
    mr_json_tape tape; /* of what was read last */
    parser reader;
    char *copy = nullptr; /* of unpadded input */
    size_t copy_room = 0;
    mr_order order; /* outlives the text: the next one is written alike */
    size_t n_lost = 0;
    lost_object lost[MR_MAX_JSON_DEPTH]; /* each within the one before */
};

namespace {

constexpr size_t PADDING = simdjson::SIMDJSON_PADDING;
static_assert(PADDING <= 64, "json_view.h promises 64 bytes");

mr_json handle(const mr_json_tape *tape, size_t index) {
    mr_json v;
    v.at = tape;
    v.index = index;
    return v;
}

size_t behind(mr_json v) {
    return mr_tape_after(mr_tape_of(v)->words[v.index], v.index);
}

mr_span text_at(const mr_json_tape *tape, size_t index) {
    return mr_tape_text(mr_tape_place(tape->strings, tape->words[index]));
}

template <typename number> number number_of(mr_json v) {
    number n;
    std::memcpy(&n, &mr_tape_of(v)->words[v.index + 1], sizeof n);
    return n;
}

void wipe(void *at, size_t n) {
    if (!at) return;
    std::memset(at, 0, n);
    __asm__ __volatile__("" : : "r"(at) : "memory"); /* the compiler may not drop the overwrite */
}

mr_rc refuse(simdjson::error_code code, mr_error *err) {
    switch (code) {
    case simdjson::MEMALLOC: return mr_fail(err, MR_NOMEM, "out of memory while reading JSON");
    case simdjson::CAPACITY: return mr_fail(err, MR_LIMIT, "JSON larger than 4 GB");
    case simdjson::DEPTH_ERROR: return mr_fail(err, MR_LIMIT, "JSON nested deeper than %d levels", MR_MAX_JSON_DEPTH);
    case simdjson::UTF8_ERROR: return mr_fail(err, MR_MALFORMED, "not UTF-8");
    case simdjson::EMPTY: return mr_fail(err, MR_MALFORMED, "empty: no JSON");
    case simdjson::NUMBER_ERROR:
        return mr_fail(err, MR_MALFORMED, "not JSON: a number is broken, or beyond 64 bits or a double");
    case simdjson::STRING_ERROR: return mr_fail(err, MR_MALFORMED, "not JSON: a string is broken");
    case simdjson::UNCLOSED_STRING: return mr_fail(err, MR_MALFORMED, "not JSON: a string is not closed");
    default: return mr_fail(err, MR_MALFORMED, "not JSON: brackets, commas or literals are out of place");
    }
}

/* simdjson reads up to 64 bytes past the text. */
const char *padded_copy(mr_json_doc *d, mr_span text) {
    if (d->copy_room < text.len + PADDING) {
        wipe(d->copy, d->copy_room);
        std::free(d->copy);
        d->copy_room = 0;
        d->copy = static_cast<char *>(std::malloc(text.len + PADDING));
        if (!d->copy) return nullptr;
        d->copy_room = text.len + PADDING;
    }
    if (text.len) std::memcpy(d->copy, text.ptr, text.len);
    std::memset(d->copy + text.len, 0, PADDING);
    return d->copy;
}

/* Whether a zero byte is spelt in the text: only an escape can do it. Escapes are few, save in narrative. */
bool spells_zero(const char *text, size_t n) {
    const char *const end = text + n;
    for (const char *p = text; (p = static_cast<const char *>(std::memchr(p, '\\', static_cast<size_t>(end - p))));) {
        if (end - p >= 6 && std::memcmp(p, "\\u0000", 6) == 0) return true;
        p += end - p > 1 ? 2 : 1;
    }
    return false;
}

uint64_t mix(uint64_t h) {
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

/* Member names as FHIR has them, found by their first and last eight bytes with one look: the compiler tries factors
 * until no two of our names fall on one place. */
struct word {
    uint64_t head, tail;
    const char *text;
    uint8_t length;
};
constexpr unsigned PLACE_BITS = 12;
struct word_table {
    uint64_t factor;
    word of[N_COUNT];
    uint8_t at[size_t{1} << PLACE_BITS]; /* mr_fhir_name; N_unknown where there is none */
};

constexpr uint64_t packed(const char *p, size_t n) {
    uint64_t w = 0;
    for (size_t i = 0; i < n; i++) w |= static_cast<uint64_t>(static_cast<unsigned char>(p[i])) << 8 * i;
    return w;
}

constexpr size_t place(uint64_t factor, uint64_t head, uint64_t tail) {
    return static_cast<size_t>(((head ^ tail * 0xff51afd7ed558ccdu) * factor) >> (64 - PLACE_BITS));
}

/* false: two names share a place. */
constexpr bool fill(word_table &t) {
    for (uint8_t &name : t.at) name = N_unknown;
    for (size_t i = 1; i < N_COUNT; i++) {
        uint8_t &name = t.at[place(t.factor, t.of[i].head, t.of[i].tail)];
        if (name != N_unknown) return false;
        name = static_cast<uint8_t>(i);
    }
    return true;
}

constexpr word_table words_of_fhir() {
    word_table t{};
    const char *const texts[] = {"",
#define X(name) #name,
                                 MR_FHIR_NAMES(X)
#undef X
    };
    for (size_t i = 1; i < N_COUNT; i++) {
        size_t n = 0;
        while (texts[i][n]) n++;
        const uint64_t head = packed(texts[i], n < 8 ? n : 8), tail = n < 8 ? head : packed(texts[i] + n - 8, 8);
        t.of[i] = word{head, tail, texts[i], static_cast<uint8_t>(n)};
    }
    t.factor = 0x9e3779b97f4a7c15u;
    while (!fill(t)) t.factor += 0x6a09e667f3bcc908u;
    return t;
}
constexpr word_table FHIR_WORDS = words_of_fhir();
static_assert(N_COUNT <= 128, "the set of names seen has two words");

uint64_t little(const void *p) {
    uint64_t w;
    std::memcpy(&w, p, 8);
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? w : __builtin_bswap64(w);
}

/* The first eight bytes, zeros behind a shorter one. They can be read: simdjson keeps its padding behind the last. */
uint64_t head_of(const char *p, size_t n) {
    const uint64_t w = little(p);
    return n < 8 ? w & ((uint64_t{1} << 8 * n) - 1) : w;
}

mr_fhir_name name_at(mr_span text) {
    const char *const p = text.ptr;
    const size_t n = text.len;
    const uint64_t head = head_of(p, n);
    const uint64_t tail = n < 8 ? head : little(p + n - 8);
    const uint8_t name = FHIR_WORDS.at[place(FHIR_WORDS.factor, head, tail)];
    const word &w = FHIR_WORDS.of[name];
    const bool same = w.head == head && w.tail == tail && w.length == n && (n <= 16 || !std::memcmp(w.text, p, n));
    return same ? static_cast<mr_fhir_name>(name) : N_unknown;
}

/* Names of one object. */
struct name_set {
    enum { MOST = 48 };
    mr_span name[MOST];
    uint64_t look[MOST];
    size_t n;
};

/* Four lanes, so that one multiplication need not wait for the other. */
uint64_t bytes_digest(const uint8_t *p, size_t n) {
    uint64_t lane[4] = {1, 2, 3, 4};
    size_t i = 0;
    for (; i + 32 <= n; i += 32)
        for (size_t k = 0; k < 4; k++) lane[k] = (lane[k] ^ little(p + i + 8 * k)) * 0xff51afd7ed558ccdu;
    for (; i < n; i++) lane[i % 4] = (lane[i % 4] ^ p[i]) * 0x100000001b3u;
    return mix(mix(lane[0] ^ mix(lane[1])) + mix(lane[2] ^ mix(lane[3])) + n);
}

/* Looks alike are compared in full; n is small in all but hostile objects. */
bool duplicates_small(const name_set &seen) {
    for (size_t i = 1; i < seen.n; i++)
        for (size_t k = 0; k < i; k++)
            if (seen.look[i] == seen.look[k] && mr_span_eq(seen.name[i], seen.name[k])) return true;
    return false;
}

/* Sorting keeps an object of a million members from taking a million squared steps. */
bool duplicates_large(mr_json object, size_t n) {
    mr_span *names = static_cast<mr_span *>(std::malloc(n * sizeof(mr_span)));
    if (!names) return true; /* unreadable is the safe answer */
    size_t got = 0;
    for (mr_json_iter it = mr_json_begin(object); got < n && mr_json_next(&it);) names[got++] = it.name;
    std::sort(names, names + got, [](const mr_span &a, const mr_span &b) { return mr_span_cmp(a, b) < 0; });
    bool twice = false;
    for (size_t i = 1; i < got && !twice; i++) twice = mr_span_eq(names[i], names[i - 1]);
    std::free(names);
    return twice;
}

size_t count(mr_json v) {
    size_t n = 0;
    for (mr_json_iter it = mr_json_begin(v); mr_json_next(&it);) n++;
    return n;
}

/* Steps that fit any name, for objects that are lost. */
struct step_table {
    mr_order_step of[N_COUNT];
};
constexpr step_table steps_for_all() {
    step_table t{};
    for (size_t i = 0; i < N_COUNT; i++) t.of[i].name = static_cast<uint8_t>(i);
    return t;
}
constexpr step_table STEPS = steps_for_all();

/* Looks through the whole object, and learns its path; false: it has none, or there is no room for it. */
bool path_learn(const mr_json_tape *t, size_t begin, size_t end) {
    const uint8_t *names[MR_ORDER_DEPTH];
    uint8_t name_of[MR_ORDER_DEPTH];
    size_t n = 0;
    for (size_t at = begin; at < end; n++) {
        if (n == MR_ORDER_DEPTH) return false;
        names[n] = mr_tape_place(t->strings, t->words[at++]);
        name_of[n] = static_cast<uint8_t>(name_at(mr_tape_text(names[n])));
        at = mr_tape_after(t->words[at], at);
    }
    return mr_order_learn(t->order, names, name_of, n);
}

/* The step of the name at `at`, on the path just learnt. */
const mr_order_step *step_at(const mr_json_tape *t, size_t begin, size_t at) {
    const mr_order_step *step = t->order->first[mr_order_place(mr_tape_place(t->strings, t->words[begin]))];
    for (size_t i = begin; i < at; i = mr_tape_after(t->words[i], i))
        step = mr_order_find(step, mr_tape_place(t->strings, t->words[i++]))->next;
    return mr_order_find(step, mr_tape_place(t->strings, t->words[at]));
}

/* The lost object that is being walked and ends there; NULL: it is met for the first time. */
lost_object *lost_find(mr_json_doc *d, size_t at, size_t end) {
    while (d->n_lost) {
        lost_object *top = &d->lost[d->n_lost - 1];
        if (top->end == end && top->at <= at) return top;
        if (top->begin <= at && at < top->end && top->end != end) return nullptr; /* it is within this one */
        d->n_lost--;
    }
    return nullptr;
}

/* The name at `at`, for the first time; N_unknown if it was seen before. */
mr_fhir_name lost_name(const mr_json_tape *t, lost_object *o, size_t at) {
    for (;;) {
        const mr_fhir_name name = name_at(text_at(t, o->at));
        const uint64_t bit = uint64_t{1} << (name & 63);
        const bool fresh = !(o->seen[name >> 6] & bit), there = o->at++ == at;
        o->seen[name >> 6] |= bit;
        o->at = mr_tape_after(t->words[o->at], o->at);
        if (there) return fresh ? name : N_unknown;
    }
}

} // namespace

extern "C" {

mr_json_doc *mr_json_doc_new(void) noexcept {
    mr_json_doc *d = new (std::nothrow) mr_json_doc;
    if (!d) return nullptr;
    /* Room grows with the input; the depth is set once, here. */
    if (d->reader.allocate(simdjson::dom::MINIMAL_DOCUMENT_CAPACITY, MR_MAX_JSON_DEPTH) != simdjson::SUCCESS) {
        delete d;
        return nullptr;
    }
    mr_order_clear(&d->order);
    d->tape.order = &d->order;
    d->tape.doc = d;
    return d;
}

void mr_json_doc_free(mr_json_doc *d) noexcept {
    if (!d) return;
    wipe(d->order.steps, d->order.n * sizeof *d->order.steps);
    const size_t room = d->reader.doc.capacity();
    if (room && d->reader.doc.string_buf) wipe(d->reader.doc.string_buf.get(), 5 * room / 3);
    wipe(d->copy, d->copy_room);
    std::free(d->copy);
    delete d;
}

mr_rc mr_json_parse(mr_json_doc *d, mr_span text, bool padded, mr_json *ret_root, mr_error *err) noexcept {
    if (text.len >= 3 && std::memcmp(text.ptr, "\xEF\xBB\xBF", 3) == 0) text = mr_span_from(text, 3);
    if (text.len > simdjson::SIMDJSON_MAXSIZE_BYTES) return refuse(simdjson::CAPACITY, err);
    const char *bytes = padded ? text.ptr : padded_copy(d, text);
    if (!bytes) return padded ? refuse(simdjson::EMPTY, err) : refuse(simdjson::MEMALLOC, err);
    simdjson::error_code code = d->reader.parse(bytes, text.len, false).error();
    if (code) return refuse(code, err);
    mr_order_tidy(&d->order);
    d->tape.words = d->reader.doc.tape.get();
    d->tape.strings = d->reader.doc.string_buf.get();
    d->tape.zeros = spells_zero(bytes, text.len);
    d->tape.twice = false;
    d->n_lost = 0;
    *ret_root = handle(&d->tape, 1);
    return MR_OK;
}

mr_json_kind mr_json_kind_of(mr_json v) noexcept {
    switch (mr_fhir_type(v)) {
    case '{': return MR_J_OBJECT;
    case '[': return MR_J_ARRAY;
    case '"': return MR_J_STRING;
    case 'l':
    case 'u':
    case 'd': return MR_J_NUMBER;
    case 't':
    case 'f': return MR_J_BOOL;
    case 'n': return MR_J_NULL;
    default: return MR_J_NONE;
    }
}

mr_json mr_json_get(mr_json object, const char *name) noexcept {
    if (mr_fhir_type(object) != '{') return handle(nullptr, 0);
    const mr_json_tape *t = mr_tape_of(object);
    const size_t n = std::strlen(name), end = behind(object) - 1;
    for (size_t at = object.index + 1; at < end; at = mr_tape_after(t->words[at], at)) {
        const mr_span text = text_at(t, at++);
        if (text.len == n && std::memcmp(text.ptr, name, n) == 0) return handle(t, at);
    }
    return handle(nullptr, 0);
}

bool mr_json_has_duplicates(mr_json object) noexcept {
    if (mr_fhir_type(object) != '{') return false;
    name_set seen;
    seen.n = 0;
    for (mr_json_iter it = mr_json_begin(object); mr_json_next(&it); seen.n++) {
        if (seen.n == name_set::MOST) return duplicates_large(object, count(object));
        seen.name[seen.n] = it.name;
        seen.look[seen.n] = head_of(it.name.ptr, it.name.len);
    }
    return duplicates_small(seen);
}

const mr_order_step *mr_fhir_path(const mr_json_tape *t, size_t at, size_t end) noexcept {
    mr_json_doc *d = t->doc;
    lost_object *lost = lost_find(d, at, end);
    if (!lost) {
        const size_t begin = static_cast<uint32_t>(t->words[end]) + 1;
        const bool twice = mr_json_has_duplicates(handle(t, begin - 1));
        d->tape.twice |= twice;
        if (!twice && path_learn(t, begin, end)) return step_at(t, begin, at);
        lost = &d->lost[d->n_lost++];
        *lost = lost_object{begin, begin, end, {0, 0}};
    }
    return &STEPS.of[lost_name(t, lost, at)];
}

bool mr_fhir_twice(mr_json v) noexcept {
    if (!v.at) return false;
    mr_json_doc *d = mr_tape_of(v)->doc;
    const bool twice = d->tape.twice;
    d->tape.twice = false;
    return twice;
}

/* The strings of a value stand one behind the other, as do its places on the tape. */
uint64_t mr_json_digest(mr_json v) noexcept {
    if (!v.at) return 0;
    const mr_json_tape *t = mr_tape_of(v);
    const size_t end = behind(v);
    uint64_t h = 0;
    size_t first = SIZE_MAX, last = 0;
    for (size_t at = v.index; at < end; at++) {
        const uint64_t word = t->words[at];
        const uint8_t type = mr_tape_type(word);
        if (type == '"') {
            last = at;
            if (first == SIZE_MAX) first = at;
        } else if (type == 'd' || type == 'l' || type == 'u') {
            h = (h ^ t->words[++at]) * 0xff51afd7ed558ccdu;
        }
        h = (h + type) * 0x9e3779b97f4a7c15u;
    }
    if (first == SIZE_MAX) return mix(h);
    const char *begin = text_at(t, first).ptr;
    const mr_span tail = text_at(t, last);
    return mix(
        h ^ bytes_digest(reinterpret_cast<const uint8_t *>(begin), static_cast<size_t>(tail.ptr + tail.len - begin)));
}

mr_span mr_json_string(mr_json v) noexcept {
    return mr_fhir_type(v) == '"' ? text_at(mr_tape_of(v), v.index) : mr_span{nullptr, 0};
}

bool mr_json_number(mr_json v, double *ret) noexcept {
    switch (mr_fhir_type(v)) {
    case 'l': *ret = static_cast<double>(number_of<int64_t>(v)); return true;
    case 'u': *ret = static_cast<double>(number_of<uint64_t>(v)); return true;
    case 'd': *ret = number_of<double>(v); return true;
    default: return false;
    }
}

bool mr_json_int(mr_json v, int64_t *ret) noexcept {
    if (mr_fhir_type(v) != 'l') return false; /* 'u' on the tape is above INT64_MAX */
    *ret = number_of<int64_t>(v);
    return true;
}

bool mr_json_bool(mr_json v, bool *ret) noexcept {
    const uint8_t type = mr_fhir_type(v);
    if (type != 't' && type != 'f') return false;
    *ret = type == 't';
    return true;
}

size_t mr_json_size(mr_json array_or_object) noexcept {
    return count(array_or_object);
}

mr_json_iter mr_json_begin(mr_json array_or_object) noexcept {
    mr_json_iter it;
    std::memset(&it, 0, sizeof it);
    const uint8_t type = mr_fhir_type(array_or_object);
    if (type != '[' && type != '{') return it;
    it.container = array_or_object;
    it.position = array_or_object.index + 1;
    it.end = behind(array_or_object) - 1;
    it.object = type == '{';
    return it;
}

bool mr_json_next(mr_json_iter *it) noexcept {
    if (it->position >= it->end) return false;
    const mr_json_tape *t = mr_tape_of(it->container);
    it->started = true;
    if (it->object) it->name = text_at(t, it->position++);
    it->value = handle(t, it->position);
    it->position = behind(it->value);
    return true;
}

} // extern "C"
