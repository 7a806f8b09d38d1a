/* SPDX-License-Identifier: Apache-2.0 */
/* appup.h: the instructions of an appup file, taken apart. */
#ifndef KR_CODE_APPUP_H
#define KR_CODE_APPUP_H

#include <krarup/memory.h>
#include <krarup/upgrade.h>

/* An instruction about a module: which, its Change (`soft` if none is given), and what it depends
 * on ([] if nothing). False: it is about something else, or none at all. Terms borrow. */
bool kri_appup_module(kr_term instruction, kr_atom *ret_module, kr_term *ret_change,
                      kr_term *ret_deps);

#endif
