/* Who sent this: the checks of a sender that routes make before they read a body. Both take as long for a wrong
 * secret as for the right one. */
#ifndef MEDREVIEW_NET_SIGCHECK_H
#define MEDREVIEW_NET_SIGCHECK_H

#include "medreview/base/span.h"

/* `authorization`: the value of that header, "Bearer xyz" (scheme in any case); absent when not sent. An empty token
 * never matches: a check that is not configured is the caller's not to make. */
bool mr_bearer_ok(mr_span authorization, mr_span token);

/* `signature`: hex (any case) of HMAC-SHA256 over the body as it came, with or without "sha256=" before it. An empty
 * secret never matches. */
bool mr_hmac_ok(mr_span signature, mr_span secret, mr_span body);

#endif
