/* simdjson's DOM behind json_view.h. The one C++ file: no C++ type leaves it and nothing in it throws.
 *
 * A handle is simdjson's own tape reference (document, index on the tape), so getters cost a look at the tape and no
 * allocation. The parser picks its kernel for the machine at run time; there is no -march here. What the DOM does not
 * give is added: a depth limit of ours, duplicate names, a digest that ignores the order of members. */
#include "medreview/base/limits.h"
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

mr_span text_at(const document *doc, size_t index) {
    tape_ref t(doc, index);
    mr_span s;
    s.ptr = t.get_c_str();
    s.len = t.get_string_length();
    return s;
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

uint64_t text_digest(mr_span s) {
    uint64_t h = 0x9e3779b97f4a7c15u ^ s.len;
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t w = 0;
        for (unsigned k = 0; k < 8; k++) w |= static_cast<uint64_t>(static_cast<unsigned char>(s.ptr[i + k])) << 8 * k;
        h = (h ^ w) * 0xff51afd7ed558ccdu;
        h ^= h >> 29;
    }
    for (; i < s.len; i++) h = (h ^ static_cast<unsigned char>(s.ptr[i])) * 0x100000001b3u;
    return mix(h);
}

/* Looks alike are compared in full; n is small in all but hostile objects. */
bool duplicates_small(const mr_span *names, const uint64_t *looks, size_t n) {
    for (size_t i = 1; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (looks[i] == looks[k] && mr_span_eq(names[i], names[k])) return true;
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
    switch (type_of(v)) {
    case tape_type::START_ARRAY: return MR_J_ARRAY;
    case tape_type::START_OBJECT: return MR_J_OBJECT;
    case tape_type::STRING: return MR_J_STRING;
    case tape_type::INT64:
    case tape_type::UINT64:
    case tape_type::DOUBLE: return MR_J_NUMBER;
    case tape_type::TRUE_VALUE:
    case tape_type::FALSE_VALUE: return MR_J_BOOL;
    case tape_type::NULL_VALUE: return MR_J_NULL;
    default: return MR_J_NONE;
    }
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
    enum { SMALL = 48 };
    if (type_of(object) != tape_type::START_OBJECT) return false;
    mr_span names[SMALL];
    uint64_t looks[SMALL];
    size_t n = 0;
    for (mr_json_iter it = mr_json_begin(object); mr_json_next(&it); n++) {
        if (n == SMALL) return duplicates_large(object, count(object));
        names[n] = it.name;
        /* Eight bytes can be read: simdjson keeps its padding behind the last string. */
        uint64_t look;
        std::memcpy(&look, it.name.ptr, 8);
        if (it.name.len < 8) look &= (uint64_t{1} << 8 * it.name.len) - 1;
        looks[n] = look ^ it.name.len << 56;
    }
    return duplicates_small(names, looks, n);
}

uint64_t mr_json_digest(mr_json v) noexcept {
    const tape_type type = type_of(v);
    uint64_t h = mix(static_cast<uint64_t>(type));
    switch (type) {
    case tape_type::START_OBJECT: {
        uint64_t sum = 0;
        for (mr_json_iter it = mr_json_begin(v); mr_json_next(&it);)
            sum += mix(text_digest(it.name) * 3 + mr_json_digest(it.value));
        return mix(h ^ sum);
    }
    case tape_type::START_ARRAY:
        for (mr_json_iter it = mr_json_begin(v); mr_json_next(&it);) h = mix(h * 31 + mr_json_digest(it.value));
        return h;
    case tape_type::STRING: return mix(h ^ text_digest(mr_json_string(v)));
    case tape_type::INT64:
    case tape_type::UINT64:
    case tape_type::DOUBLE: return mix(h ^ ref(v).next_tape_value<uint64_t>());
    default: return h;
    }
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
