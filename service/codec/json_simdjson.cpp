/* simdjson's DOM behind json_view.h. The one C++ file: no C++ type leaves it and nothing in it throws.
 *
 * A handle is simdjson's own tape reference (document, index on the tape), so getters cost a look at the tape and no
 * allocation. The parser picks its kernel for the machine at run time; there is no -march here. What the DOM does not
 * give is added: a depth limit of ours, duplicate names, a digest that ignores the order of members. */
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

using simdjson::dom::document;
using simdjson::dom::parser;
using simdjson::internal::tape_ref;
using simdjson::internal::tape_type;

struct mr_json_doc {
    parser reader;
    char *copy = nullptr; /* of unpadded input */
    size_t copy_room = 0;
};

namespace {

constexpr size_t PADDING = simdjson::SIMDJSON_PADDING;
static_assert(PADDING <= 64, "json_view.h promises 64 bytes");

tape_ref ref(mr_json v) {
    return tape_ref(static_cast<const document *>(v.at), v.index);
}

mr_json handle(const document *doc, size_t index) {
    mr_json v;
    v.at = doc;
    v.index = index;
    return v;
}

tape_type type_of(mr_json v) {
    return v.at ? ref(v).tape_ref_type() : tape_type::ROOT;
}

/* A string's tape word holds its place in the buffer, where its length stands before it. */
mr_span text_of(const uint8_t *strings, uint64_t word) {
    const uint8_t *at = strings + (word & ((uint64_t{1} << 56) - 1));
    uint32_t length;
    std::memcpy(&length, at, sizeof length);
    return mr_span{reinterpret_cast<const char *>(at + sizeof length), length};
}

mr_span text_at(const document *doc, size_t index) {
    return text_of(doc->string_buf.get(), doc->tape[index]);
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

mr_fhir_name name_of(const char *p, size_t n, uint64_t head) {
    const uint64_t tail = n < 8 ? head : little(p + n - 8);
    const uint8_t name = FHIR_WORDS.at[place(FHIR_WORDS.factor, head, tail)];
    const word &w = FHIR_WORDS.of[name];
    const bool same = w.head == head && w.tail == tail && w.length == n && (n <= 16 || !std::memcmp(w.text, p, n));
    return same ? static_cast<mr_fhir_name>(name) : N_unknown;
}

/* What the type byte of a tape word means: tape.md of simdjson. */
struct kind_table {
    mr_json_kind of[128];
};
constexpr kind_table kinds_of_tape() {
    constexpr size_t array = '[', object = '{', text = '"', whole = 'l', positive = 'u', real = 'd', yes = 't',
                     no = 'f';
    constexpr size_t nothing = 'n';
    kind_table t{};
    t.of[array] = MR_J_ARRAY;
    t.of[object] = MR_J_OBJECT;
    t.of[text] = MR_J_STRING;
    t.of[whole] = t.of[positive] = t.of[real] = MR_J_NUMBER;
    t.of[yes] = t.of[no] = MR_J_BOOL;
    t.of[nothing] = MR_J_NULL;
    return t;
}
constexpr kind_table KINDS = kinds_of_tape();

mr_json_kind kind_of(uint64_t word) {
    return KINDS.of[word >> 56 & 127];
}

/* The place behind the value that begins with `word`. */
size_t after(uint64_t word, mr_json_kind kind, size_t at) {
    if (kind == MR_J_ARRAY || kind == MR_J_OBJECT) return static_cast<uint32_t>(word);
    return at + (kind == MR_J_NUMBER ? 2 : 1);
}

/* Names that are none of ours, of one object. */
struct strangers {
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
bool duplicates_small(const strangers &seen) {
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
    return d;
}

void mr_json_doc_free(mr_json_doc *d) noexcept {
    if (!d) return;
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
    *ret_root = handle(&d->reader.doc, 1);
    return MR_OK;
}

mr_json_kind mr_json_kind_of(mr_json v) noexcept {
    return v.at ? kind_of(static_cast<const document *>(v.at)->tape[v.index]) : MR_J_NONE;
}

mr_json mr_json_get(mr_json object, const char *name) noexcept {
    if (type_of(object) == tape_type::START_OBJECT) {
        const size_t n = std::strlen(name);
        for (mr_json_iter it = mr_json_begin(object); mr_json_next(&it);)
            if (it.name.len == n && std::memcmp(it.name.ptr, name, n) == 0) return it.value;
    }
    return handle(nullptr, 0);
}

bool mr_json_has_duplicates(mr_json object) noexcept {
    if (type_of(object) != tape_type::START_OBJECT) return false;
    strangers seen;
    seen.n = 0;
    for (mr_json_iter it = mr_json_begin(object); mr_json_next(&it); seen.n++) {
        if (seen.n == strangers::MOST) return duplicates_large(object, count(object));
        seen.name[seen.n] = it.name;
        seen.look[seen.n] = head_of(it.name.ptr, it.name.len);
    }
    return duplicates_small(seen);
}

void mr_fhir_members_of(mr_json object, mr_fhir_members *ret) noexcept {
    ret->n = 0;
    ret->twice = false;
    if (type_of(object) != tape_type::START_OBJECT) return;
    const document *doc = static_cast<const document *>(object.at);
    const uint64_t *const tape =
        doc->tape.get(); /* in registers: the compiler cannot know that `ret` is not the tape */
    const uint8_t *const strings = doc->string_buf.get();
    const size_t end = static_cast<uint32_t>(tape[object.index]) - 1;
    uint64_t known[2] = {0, 0};
    size_t n = 0;
    bool twice = false;
    strangers others;
    others.n = 0;
    for (size_t at = object.index + 1; at < end;) {
        const mr_span text = text_of(strings, tape[at++]);
        const uint64_t word = tape[at], head = head_of(text.ptr, text.len);
        const mr_json_kind kind = kind_of(word);
        const size_t value = at;
        at = after(word, kind, at);
        const mr_fhir_name name = name_of(text.ptr, text.len, head);
        if (name == N_unknown) {
            if (others.n < strangers::MOST) {
                others.name[others.n] = text;
                others.look[others.n] = head;
            }
            others.n++;
            continue;
        }
        const uint64_t bit = uint64_t{1} << (name & 63);
        if (known[name >> 6] & bit) {
            twice = true;
            continue;
        }
        known[name >> 6] |= bit;
        mr_fhir_member &m = ret->v[n++];
        m.name = name;
        m.kind = kind;
        m.text = kind == MR_J_STRING ? text_of(strings, word) : mr_span{nullptr, 0};
        m.value = handle(doc, value);
    }
    ret->n = n;
    ret->twice = twice;
    if (others.n > strangers::MOST)
        ret->twice |= duplicates_large(object, ret->n + others.n);
    else if (others.n > 1)
        ret->twice |= duplicates_small(others);
}

mr_fhir_list mr_fhir_each(mr_json v) noexcept {
    mr_fhir_list l = {v.at, 0, 0, v};
    if (!v.at) return l;
    const uint64_t word = static_cast<const document *>(v.at)->tape[v.index];
    const mr_json_kind kind = kind_of(word);
    if (kind == MR_J_ARRAY) {
        l.position = v.index + 1;
        l.end = static_cast<uint32_t>(word) - 1;
    } else if (kind != MR_J_NULL && kind != MR_J_NONE) {
        l.position = v.index;
        l.end = after(word, kind, v.index);
    }
    return l;
}

bool mr_fhir_next(mr_fhir_list *l) noexcept {
    while (l->position < l->end) {
        const document *doc = static_cast<const document *>(l->at);
        const uint64_t word = doc->tape[l->position];
        const mr_json_kind kind = kind_of(word);
        l->value = handle(doc, l->position);
        l->position = after(word, kind, l->position);
        if (kind != MR_J_NULL) return true;
    }
    return false;
}

/* The strings of a value stand one behind the other, as do its places on the tape. */
uint64_t mr_json_digest(mr_json v) noexcept {
    if (!v.at) return 0;
    const document *doc = static_cast<const document *>(v.at);
    const size_t end = ref(v).after_element();
    uint64_t h = 0;
    size_t first = SIZE_MAX, last = 0;
    for (size_t at = v.index; at < end; at++) {
        const uint64_t word = doc->tape[at];
        const uint8_t type = static_cast<uint8_t>(word >> 56);
        if (type == '"') {
            last = at;
            if (first == SIZE_MAX) first = at;
        } else if (type == 'd' || type == 'l' || type == 'u') {
            h = (h ^ doc->tape[++at]) * 0xff51afd7ed558ccdu;
        }
        h = (h + type) * 0x9e3779b97f4a7c15u;
    }
    if (first == SIZE_MAX) return mix(h);
    const char *begin = text_at(doc, first).ptr;
    const mr_span tail = text_at(doc, last);
    return mix(
        h ^ bytes_digest(reinterpret_cast<const uint8_t *>(begin), static_cast<size_t>(tail.ptr + tail.len - begin)));
}

mr_span mr_json_string(mr_json v) noexcept {
    if (type_of(v) == tape_type::STRING) return text_at(static_cast<const document *>(v.at), v.index);
    mr_span none = MR_SPAN_NONE;
    return none;
}

bool mr_json_number(mr_json v, double *ret) noexcept {
    switch (type_of(v)) {
    case tape_type::INT64: *ret = static_cast<double>(ref(v).next_tape_value<int64_t>()); return true;
    case tape_type::UINT64: *ret = static_cast<double>(ref(v).next_tape_value<uint64_t>()); return true;
    case tape_type::DOUBLE: *ret = ref(v).next_tape_value<double>(); return true;
    default: return false;
    }
}

bool mr_json_int(mr_json v, int64_t *ret) noexcept {
    if (type_of(v) != tape_type::INT64) return false; /* UINT64 on the tape is above INT64_MAX */
    *ret = ref(v).next_tape_value<int64_t>();
    return true;
}

bool mr_json_bool(mr_json v, bool *ret) noexcept {
    const tape_type type = type_of(v);
    if (type != tape_type::TRUE_VALUE && type != tape_type::FALSE_VALUE) return false;
    *ret = type == tape_type::TRUE_VALUE;
    return true;
}

size_t mr_json_size(mr_json array_or_object) noexcept {
    return count(array_or_object);
}

mr_json_iter mr_json_begin(mr_json array_or_object) noexcept {
    mr_json_iter it;
    std::memset(&it, 0, sizeof it);
    const tape_type type = type_of(array_or_object);
    if (type != tape_type::START_ARRAY && type != tape_type::START_OBJECT) return it;
    it.container = array_or_object;
    it.position = array_or_object.index + 1;
    it.end = ref(array_or_object).after_element() - 1;
    it.object = type == tape_type::START_OBJECT;
    return it;
}

bool mr_json_next(mr_json_iter *it) noexcept {
    if (it->position >= it->end) return false;
    const document *doc = static_cast<const document *>(it->container.at);
    it->started = true;
    if (it->object) it->name = text_at(doc, it->position++);
    it->value = handle(doc, it->position);
    it->position = tape_ref(doc, it->position).after_element();
    return true;
}

} // extern "C"
