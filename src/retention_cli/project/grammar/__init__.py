"""The grammar of conditions: raw trees of YAML → the nodes of model/condition, mistakes noted by the way."""
