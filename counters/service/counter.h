/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h: what the versions of the module `counter` have in common with those who ask them.
 *
 * Protocol  a gen_server's calls; From and Number say which request it is (kept.h), so that it can
 *           be asked again when a counter has ended without an answer.
 *               {add, From, Number, N}        the new value       overflow
 *               {tick, From, Number, Id, N}   the new value, or the present one if that id has been
 *                                             counted             overflow
 *               {set, From, Number, N}        N
 *               get                           the value
 *               delete                        1; then it ends
 *               {ask, From, Number, What}     an integer; What is the version's own affair
 *           What it does not know: unknown; what it has no memory for: no_memory. The cast
 *           `segfault` is its end by a fault.
 * Exported  commands/0       [{Name, Arity, Summary}]: commands of the version's own, in lower case,
 *                            Arity counting the name of the command
 *           request/1        [Command, Counter, Argument...], binaries: {ok, What, Reply}, what to
 *                            ask the counter, Reply being how its answer, an integer, is said:
 *                            integer, bulk or ok; or {error, Text}
 */
#ifndef SERVICE_COUNTER_H
#define SERVICE_COUNTER_H

#include <krarup.h>

#include "kept.h"

#endif
