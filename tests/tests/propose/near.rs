//! A question about some slices needs no more of the scan than they and their neighbours.

use super::support::{LEFT, PELVIC, RIGHT, grid, identity, scan};
use burn::tensor::Device;
use std::ops::ControlFlow;
use zeroset_engine::models::{Checkpoint, NetworkConfig, UNetConfig};
use zeroset_engine::ode::SolverParams;
use zeroset_engine::prepare::Preprocessing;
use zeroset_engine::propose::{Beginning, Question, propose, propose_near};
use zeroset_engine::roi::Roi;
use zeroset_engine::slices::axial_axis;

/// Random weights that look two slices up and down.
fn with_neighbours() -> Checkpoint {
    let config = NetworkConfig::Unet(UNetConfig { channels: vec![4, 8], stem: 2, ..UNetConfig::default() });
    let device = Device::flex();
    device.seed(5);
    let network = config.init(3, 1, &device);
    let own = identity(&["kidney"]).manifest.preprocessing;
    let preprocessing = Preprocessing { neighbours: 1, neighbour_mm: Some(10.0), window_hu: [-50.0, 250.0], ..own };
    Checkpoint::new(network, config, preprocessing, SolverParams::default()).unwrap()
}

#[test]
fn what_is_found_on_the_needed_slices_is_what_is_found_on_the_whole_scan() {
    let (unet, node) = (with_neighbours(), identity(&["kidney"]));
    for (permutation, flips) in [([0, 1, 2], [true, true, false]), ([2, 0, 1], [true, false, true])] {
        let grid = grid(permutation, flips);
        let scan = scan(&grid, &[LEFT, RIGHT, PELVIC], 0.0);
        let (size, axis) = (grid.size(), axial_axis(&grid));
        // In the middle, at an end, and one slice alone.
        for (first, last) in [(20, 33), (0, 4), (size[axis] - 1, size[axis])] {
            let mut region = Roi::whole(&grid);
            (region.lower[axis], region.upper[axis]) = (first, last);
            region.lower[(axis + 1) % 3] = 3;
            let ask = |network, beginning, anatomy| Question {
                scan: &scan,
                organ: "kidney",
                network,
                beginning,
                region: Some(&region),
                solver: None,
                batch: 3,
                anatomy,
            };
            for question in [ask(&unet, Beginning::Nothing, false), ask(&node, Beginning::Network(&unet), true)] {
                let whole = propose(&question, &mut |_, _| ControlFlow::Continue(())).unwrap();
                let near = propose_near(&question, &mut |_, _| ControlFlow::Continue(())).unwrap();
                let part = near.geometry.size();
                assert!(part[axis] <= last - first + 4 && part[axis] >= last - first, "{part:?}");
                assert_eq!(grid.cropped(near.lower, part).unwrap(), near.geometry);
                assert_eq!(near.proposal.findings.bounds, whole.findings.bounds);
                assert_eq!(near.proposal.findings.voxels, whole.findings.voxels);
                assert_eq!(near.proposal.warnings(), whole.warnings());
                let mut inside = 0;
                for z in 0..part[2] {
                    for y in 0..part[1] {
                        for x in 0..part[0] {
                            let [here, there] = [
                                near.proposal.phi.phi_mm[near.geometry.index([x, y, z])],
                                whole.phi.phi_mm[grid.index([x + near.lower[0], y + near.lower[1], z + near.lower[2]])],
                            ];
                            assert_eq!(here.to_bits(), there.to_bits(), "{here} {there} at {x} {y} {z}");
                            inside += usize::from(here < 0.0);
                        }
                    }
                }
                assert!(inside > 50 || question.anatomy, "the random network finds something to compare");
            }
        }
    }
}
