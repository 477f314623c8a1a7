// A failure in its own words, and what the person can do next.

import { nextStepFor } from "../next-steps";
import type { Failure } from "../slice";
import { useStore } from "../store";
import { Button } from "./button";
import { Callout } from "./callout";

export interface FailureCalloutProps {
  readonly failure: Failure;
  readonly onDismiss?: (() => void) | undefined;
}

export function FailureCallout({ failure, onDismiss }: FailureCalloutProps) {
  const goTo = useStore((state) => state.goTo);
  const room = useStore((state) => state.room);
  const { text, action } = nextStepFor(failure.name);
  const isElsewhere = action && ("reload" in action || action.room !== room);
  return (
    <Callout
      tone="error"
      title={failure.message}
      onDismiss={onDismiss}
      action={
        isElsewhere && (
          <Button
            size="small"
            onClick={() => {
              if ("reload" in action) location.reload();
              else goTo(action.room);
            }}
          >
            {action.label}
          </Button>
        )
      }
    >
      {text}
    </Callout>
  );
}
