/* The sandbox behind a listener: requests below /fhir are answered, rest-hooks are sent. Loop thread only. */
#ifndef MEDREVIEW_SANDBOX_SERVER_H
#define MEDREVIEW_SANDBOX_SERVER_H

#include "medreview/flow/clock.h"
#include "medreview/flow/transport.h"
#include "medreview/sandbox/sandbox.h"

struct uv_loop_s;
typedef struct mr_sandbox_server mr_sandbox_server;

/* Serves `sandbox` (which stays the caller's, and from now on names itself http://ADDRESS/fhir) on `listen`, as
 * mr_http_server_start understands it; port 0 takes a free one. Deliveries go through `transport`: a delivery that is
 * not answered with 2xx (one without payload: not answered at all) is repeated after 1 s, then 1.1 times as long each
 * time, for 60 s, and then given up, as HAPI does; at most 16 are under way at once, in no promised order.
 * sandbox, transport and clock outlive the server.
 *   MR_INVALID  not an address      MR_IO  cannot bind      MR_NOMEM */
mr_rc mr_sandbox_server_start(struct uv_loop_s *loop, mr_sandbox *sandbox, const char *listen, mr_transport *transport,
                              mr_clock *clock, mr_sandbox_server **ret, mr_error *err) MR_MUST_CHECK;
/* "127.0.0.1:43121": the address really bound. */
const char *mr_sandbox_server_address(const mr_sandbox_server *server);
/* "http://127.0.0.1:43121/fhir". */
const char *mr_sandbox_server_base(const mr_sandbox_server *server);
/* Sends what the sandbox has queued by a way other than a request to this server (mr_sandbox_handle, load). */
void mr_sandbox_server_deliver(mr_sandbox_server *server);
/* Deliveries under way or waiting for their next attempt. */
size_t mr_sandbox_server_busy(const mr_sandbox_server *server);
/* Deliveries that were given up after 60 s. */
size_t mr_sandbox_server_given_up(const mr_sandbox_server *server);
/* Closes the listener (open connections get 2 s), cancels deliveries, then runs `stopped` (may be NULL) once from the
 * loop; after that the server is gone. */
void mr_sandbox_server_stop(mr_sandbox_server *server, void (*stopped)(void *arg), void *arg);

/* `medreview sandbox [--listen ADDR] [--load DIR]`: argv[0] is the command's name. Returns the exit code: 0 stopped by
 * SIGINT or SIGTERM; 1 the same, but some of --load was refused (said on standard error); 2 wrong usage; 3 could not
 * listen or read. */
int mr_sandbox_main(int argc, char **argv);

#endif
