/* SPDX-License-Identifier: Apache-2.0 */
/* versions.h: where the versions of the module `counter` are, and how one is loaded: as files
 * counter_1.so, counter_2.so and so on, beside the program unless told. */
#ifndef SERVICE_VERSIONS_H
#define SERVICE_VERSIONS_H

#include <krarup.h>

/* Before any other call; the text stays. */
void versions_folder(const char *folder);

/* The file of a version. False: the name is too long. */
bool versions_file(int version, char *buf, size_t size);

/* Load one as the current version. KR_OK; else why not is in the slot. */
KR_MUST_CHECK kr_err versions_load(int version, kr_msg *slot);

#endif
