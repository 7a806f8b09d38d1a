/* SPDX-License-Identifier: Apache-2.0 */
/* application_exports.h: callback modules of applications whose callbacks are exports (module.h),
 * as in OTP: Module:start(Type, Args), start_phase(Phase, Type, Args), prep_stop(State),
 * stop(State) and config_change(Changed, New, Removed).
 *
 * Model    They are called by name, each in the version that is current when its time comes, so
 *          nothing points into a version that may go. A kr_application of the same name that
 *          the node knows goes before.
 * Threads  processes.
 */
#ifndef KR_OTP_APPLICATION_EXPORTS_H
#define KR_OTP_APPLICATION_EXPORTS_H

#include <krarup/term.h>

/* catch Module:Function(Args...): a new term: what it gave, what it threw, or {'EXIT', Reason}.
 * Takes `args`, a tuple. */
kr_term kri_export_catch(kr_atom module, const char *function, kr_term args);

/* Is this what comes of a function that is not there, or of a module that is not? */
bool kri_export_is_undef(kr_term value, kr_atom module, const char *function);

#endif
