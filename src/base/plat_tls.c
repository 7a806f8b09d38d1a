/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_tls.h"

#if __has_attribute(externally_visible)
#define KEEP_ITS_NAME __attribute__((used, externally_visible))
#else
#define KEEP_ITS_NAME __attribute__((used))
#endif

KEEP_ITS_NAME __thread void *kri_tls;
const char kri_tls_anchor;
