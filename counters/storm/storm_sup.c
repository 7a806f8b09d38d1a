/* SPDX-License-Identifier: Apache-2.0 */
#include "storm_sup.h"

#include "counter.h"

#define COUNTER(name_, args_)                                                            \
        {                                                                                \
                .id = name_, .start = KR_START(counter), .args = args_, .name = name_    \
        }

static const kr_child calm[] = { COUNTER("a", "[0]"), COUNTER("b", "[1]") };
static const kr_child rough[] = { COUNTER("c", "[2]"), COUNTER("d", "[3]") };

KR_SUPERVISOR(calm_sup, KR_CHILDREN(calm));
KR_SUPERVISOR(rough_sup, .intensity = STORM_RESTARTS, .period_s = 3600,
              KR_CHILDREN(rough));

static const kr_child both[] = {
        { .id = "calm_sup", .start = KR_START(calm_sup), .name = "calm_sup" },
        { .id = "rough_sup", .start = KR_START(rough_sup), .name = "rough_sup" },
};

KR_SUPERVISOR(storm_sup, KR_CHILDREN(both));
