/* SPDX-License-Identifier: Apache-2.0 */
#include "plat_tls.h"

__thread void *kri_tls;
