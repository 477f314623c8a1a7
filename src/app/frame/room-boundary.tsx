// Keeps a fault in one room from taking the page, and a run under way, with it. A class, since React catches errors in
// classes alone.

import { Component, type ReactNode } from "react";
import { FailureCallout } from "../components/failure-callout";
import { failureOf, type Failure } from "../slice";

interface RoomBoundaryProps {
  readonly children: ReactNode;
}

interface RoomBoundaryState {
  readonly failure?: Failure;
}

export class RoomBoundary extends Component<RoomBoundaryProps, RoomBoundaryState> {
  override state: RoomBoundaryState = {};

  static getDerivedStateFromError(error: unknown): RoomBoundaryState {
    return { failure: failureOf(error) };
  }

  override render(): ReactNode {
    const { failure } = this.state;
    return failure ? <FailureCallout failure={failure} /> : this.props.children;
  }
}
