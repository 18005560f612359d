/* A read-only view of inbound JSON, so that the parser behind it can be changed (simdjson's DOM today, in
 * json_simdjson.cpp, the one C++ file). The decoders of FHIR also walk objects in place, with the private fhir_walk.h.
 *
 * A value is a small handle, valid while its document lives and is not parsed into again; strings point into the
 * document: copy what must stay. A missing member is a value of kind NONE, and every getter is fine with it. */
#ifndef MEDREVIEW_CODEC_JSON_VIEW_H
#define MEDREVIEW_CODEC_JSON_VIEW_H

#include "medreview/base/error.h"
#include "medreview/base/span.h"

#ifdef __cplusplus
extern "C" {
#define MR_NOEXCEPT noexcept
#else
#define MR_NOEXCEPT
#endif

typedef struct mr_json_doc mr_json_doc;
typedef struct mr_json {
    const void *at;
    size_t index;
} mr_json;

typedef enum mr_json_kind {
    MR_J_NONE,
    MR_J_NULL,
    MR_J_BOOL,
    MR_J_NUMBER,
    MR_J_STRING,
    MR_J_ARRAY,
    MR_J_OBJECT
} mr_json_kind;

mr_json_doc *mr_json_doc_new(void) MR_NOEXCEPT; /* NULL: memory is short */
void mr_json_doc_free(mr_json_doc *d) MR_NOEXCEPT;
/* `padded`: 64 readable bytes lie behind the text; otherwise it is copied first. Depth at most MR_MAX_JSON_DEPTH.
 *   MR_MALFORMED   not JSON, not UTF-8, trailing bytes, a number beyond 64 bits or double: says which, never the
 * content MR_LIMIT       nested too deep, or larger than 4 GB;  MR_NOMEM */
mr_rc mr_json_parse(mr_json_doc *d, mr_span text, bool padded, mr_json *ret_root, mr_error *err) MR_NOEXCEPT;

mr_json_kind mr_json_kind_of(mr_json v) MR_NOEXCEPT;
mr_json mr_json_get(mr_json object,
                    const char *name) MR_NOEXCEPT; /* first member of that name; NONE when not an object or absent */
/* True when a name stands twice in this object (not in objects below): the decoders refuse what they visit. False for
 * what is no object. */
bool mr_json_has_duplicates(mr_json object) MR_NOEXCEPT;
/* Tells values apart by content, the order of members and elements included; white space and the spelling of strings
 * make no difference. Equal on every machine of one byte order. Not a cryptographic hash. */
uint64_t mr_json_digest(mr_json v) MR_NOEXCEPT;
mr_span mr_json_string(mr_json v) MR_NOEXCEPT; /* absent span when not a string */
bool mr_json_number(mr_json v, double *ret) MR_NOEXCEPT;
bool mr_json_int(mr_json v, int64_t *ret) MR_NOEXCEPT; /* a number without fraction or exponent within int64 */
bool mr_json_bool(mr_json v, bool *ret) MR_NOEXCEPT;
size_t mr_json_size(mr_json array_or_object) MR_NOEXCEPT; /* 0 for others; may walk the array */

/* for (mr_json_iter it = mr_json_begin(v); mr_json_next(&it);) use(it.name, it.value); name is absent for arrays. */
typedef struct mr_json_iter {
    mr_json container, value;
    mr_span name;
    size_t position, end;
    bool object, started;
} mr_json_iter;
mr_json_iter mr_json_begin(mr_json array_or_object) MR_NOEXCEPT;
bool mr_json_next(mr_json_iter *it) MR_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
