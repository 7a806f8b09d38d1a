/* SPDX-License-Identifier: Apache-2.0 */
/* counter_app.h: the counter as an application; counter.app describes it. */
#ifndef COUNTER_APP_H
#define COUNTER_APP_H

#include <krarup.h>

extern const kr_application counter_app;

#endif
