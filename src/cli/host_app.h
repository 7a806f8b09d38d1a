/* SPDX-License-Identifier: Apache-2.0 */
/* host_app.h: applications whose callbacks are exports of a module, as in OTP: {mod, {M, Args}}
 * calls M:start(Type, Args), and M:prep_stop(Args), M:stop(Args) if there are such. By name, so
 * that they are found in the version that is current when the time comes. */
#ifndef KR_CLI_HOST_APP_H
#define KR_CLI_HOST_APP_H

#include <krarup/node.h>

/* Make `module` known as the callback module of an application. */
KR_MUST_CHECK kr_err kri_host_app_register(kr_node *node, kr_atom module);

#endif
