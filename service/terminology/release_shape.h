/* Form, route and release of a product from the codes of a release. */
#ifndef MEDREVIEW_TERMINOLOGY_RELEASE_SHAPE_H
#define MEDREVIEW_TERMINOLOGY_RELEASE_SHAPE_H

#include "table.h"

typedef struct mr_release_shapes mr_release_shapes;

/* What each form, route and form-and-route of the release means; in t's arena. */
mr_rc mr_release_shapes_new(mr_terminology *t, mr_release_shapes **ret, mr_error *err) MR_MUST_CHECK;
/* `named`: what the product's name says of it, for what its codes leave open. */
mr_shape mr_release_shape_of(const mr_terminology *t, const mr_release_shapes *s, const mr_dmd_vmp *v,
                             const mr_shape *named);

#endif
