/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_names.h"

#include <dlfcn.h>

bool kri_name_is_linked(const char *name)
{
        return dlsym(RTLD_DEFAULT, name) != NULL;
}
