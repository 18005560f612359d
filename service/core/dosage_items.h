/* The daily dose of one medicine, out of its entries; private to core. */
#ifndef MEDREVIEW_CORE_DOSAGE_ITEMS_H
#define MEDREVIEW_CORE_DOSAGE_ITEMS_H

#include "join.h"
#include "medreview/core/dosage.h"

/* Of that substance, by the entries that say the medicine is taken:
 *   statements of different products add up (levothyroxine 25 and 100);
 *   of one product stated twice it is not known whether they do: at most both together;
 *   orders count where there is no statement, or one without a dosage. Orders of one product say one thing several
 * times, and count when they agree; of orders of different products one may have replaced another: at most all
 * together. A product that lists the substance twice says nothing. */
mr_dose mr_items_dose(const mr_item *items, size_t n, mr_span substance);

#endif
