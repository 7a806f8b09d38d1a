/* SPDX-License-Identifier: Apache-2.0 */
/* plat_clock.h: the machine's clocks. Only a node's clock (core/node.h) reads them, so that
 * simulation can put its own time in their place. */
#ifndef KR_BASE_PLAT_CLOCK_H
#define KR_BASE_PLAT_CLOCK_H

#include <stdint.h>

int64_t kri_clock_monotonic_ns(void);
/* A time that is not before now and a few milliseconds after it at most, for a quarter of the
 * price: for the deadline of what waits for seconds. */
int64_t kri_clock_soon_ns(void);
int64_t kri_clock_wall_ns(void);
uint64_t kri_clock_entropy(void); /* unpredictable bits */

#endif
