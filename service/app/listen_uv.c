/* ADDRESS:PORT of the configuration, read with the functions that the listener has it from (net). Names are not looked
 * up: nobody's DNS decides where we listen. */
#include "config.h"

#include <string.h>
#include <uv.h>

bool mr_listen_good(mr_span text) {
    mr_span host = text;
    uint64_t port;
    char name[48];
    while (host.len && host.ptr[host.len - 1] != ':') host.len--;
    if (host.len < 2 || !mr_span_u64(mr_span_from(text, host.len), &port) || port > 65535) return false;
    host.len--;
    bool v6 = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (v6) host = (mr_span){host.ptr + 1, host.len - 2};
    if (host.len >= sizeof name) return false;
    memcpy(name, host.ptr, host.len);
    name[host.len] = 0;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    return (v6 ? uv_ip6_addr(name, (int)port, &six) : uv_ip4_addr(name, (int)port, &four)) == 0;
}
