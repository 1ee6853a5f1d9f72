-- New messages that a cap stops: held until there is room, or dropped.
-- Nothing without: allotted.
UPDATE planned SET stopped = a.reason, state = a.state FROM allotted AS a WHERE a.message = planned.message AND a.reason IS NOT NULL
