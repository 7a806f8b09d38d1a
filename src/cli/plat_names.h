/* SPDX-License-Identifier: Apache-2.0 */
/* plat_names.h: names that libraries have taken. */
#ifndef KR_CLI_PLAT_NAMES_H
#define KR_CLI_PLAT_NAMES_H

#include <krarup/base.h>

/* Is it a function or variable of a library that this program is linked with, the C library
 * first of all? */
bool kri_name_is_linked(const char *name);

#endif
