/* SPDX-License-Identifier: Apache-2.0 */
/* storm_sup.h: two supervisors with two counters each, and one above them.
 *
 *      storm_sup                 (one_for_one)
 *        calm_sup   a  b         (one_for_one)
 *        rough_sup  c  d         (one_for_one, at most STORM_RESTARTS restarts an hour)
 */
#ifndef STORM_SUP_H
#define STORM_SUP_H

#include <krarup.h>

#define STORM_RESTARTS 10

extern const kr_behaviour storm_sup;

#endif
