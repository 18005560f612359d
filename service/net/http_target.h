/* Request target -> path and query; one decoding of the percent signs, and refusal of whatever two readers could
 * decode differently. */
#ifndef MEDREVIEW_NET_HTTP_TARGET_H
#define MEDREVIEW_NET_HTTP_TARGET_H

#include "medreview/base/span.h"

/* Decodes `target` (printable ASCII without '#', begins with '/') in place. *ret_path lies in its bytes, decoded;
 * *ret_query is raw, absent when there is no '?'. false, with the bytes in any state: the path holds a byte or an
 * escape that no path needs (control bytes, an encoded '/' or '\', bytes that are not UTF-8), a segment "." or "..",
 * or an empty segment that is not the last. */
bool mr_http_target_read(char *target, size_t len, mr_span *ret_path, mr_span *ret_query);

#endif
