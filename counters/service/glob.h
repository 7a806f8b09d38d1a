/* SPDX-License-Identifier: Apache-2.0 */
/* glob.h: does a name fit a pattern of KEYS? As Redis has it: `*` any bytes, `?` one of any,
 * [abc], [^abc] and [a-z] one of these, a backslash takes the next byte as it is.
 *
 * Takes time in proportion to the product of the lengths at worst, and no memory: patterns come
 * from outside.
 */
#ifndef SERVICE_GLOB_H
#define SERVICE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

bool glob_fits(const char *pattern, size_t pattern_len, const char *name,
               size_t name_len);

#endif
