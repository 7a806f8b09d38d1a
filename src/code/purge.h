/* SPDX-License-Identifier: Apache-2.0 */
/* purge.h: who holds a version, and have nobody hold it.
 *
 * Model    A process of its own walks over all processes in steps. One that sleeps is looked at
 *          at once (core/module_scan.h), the others are asked, and answer when they next take
 *          in signals; who does not within ANSWER_MS counts as one that holds. One that holds
 *          is killed, if that is wanted, and its end awaited. Processes that were born
 *          meanwhile, of those that held it perhaps, are looked at until a walk finds nobody.
 * Doubt    A holder that was awake, or has a mere pointer in a frame, is asked again, for that
 *          may be over at its next turn. For a mere
 *          pointer nobody is killed.
 */
#ifndef KR_CODE_PURGE_H
#define KR_CODE_PURGE_H

#include "core/module_scan.h"

#include "room.h"

#define KRI_ANSWER_MS 5000
#define KRI_HOLDERS_MAX 100u /* that are told of */

/* Search all processes of the node. True: nobody holds it now. Gives a new term, [{Pid, Where}]:
 * those that do; with `kill` those that were killed; and how many they are. `caller` waits for
 * this very answer (none: nobody): mere pointers on its stack do not count. Blocks. */
bool kri_purge_search(struct kri_version *version, bool kill, kr_pid caller,
                      kr_term *ret_holders, uint32_t *ret_count);

/* One process. Gives a new term: Where; [] if it holds nothing. */
kr_term kri_purge_look(kr_pid pid, struct kri_version *version);

#endif
