-- One row per rule that says what an event of the product's own tracking means,
-- from the local day effective_from on. Rules come from the configuration: what
-- a key action is differs from product to product. Of the rules of one name the
-- one effective last decides, then the one that says more.
--
-- event_name: the product's name for the event
-- feature: feature it belongs to; null: what the event itself says
-- is_key_action: somebody who does it is active
-- is_value_event: the user got what the product is for
-- is_login: a login
-- is_training: opened a training resource
-- effective_from: first local day; 0001-01-01: always
select
    c.event_name,
    c.feature,
    c.is_key_action,
    c.is_value_event,
    c.is_login,
    c.is_training,
    c.effective_from
from ref.config_product_event as c
