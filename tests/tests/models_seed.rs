//! Weights drawn from a seed. Alone in its process, because burn's generator is one for all threads.

use burn::tensor::Device;
use zeroset_engine::models::NetworkConfig;
use zeroset_engine::models::checkpoint::hash_of;

#[test]
fn the_same_seed_gives_the_same_weights() {
    let device = Device::flex();
    let drawn = |device: &Device, seed| {
        device.seed(seed);
        hash_of(&NetworkConfig::preset("node-contour").unwrap().init(1, 1, device))
    };
    let first = drawn(&device, 3);
    assert_eq!(drawn(&device, 3), first);
    assert_ne!(drawn(&device, 4), first);
    // Training draws what inference would.
    assert_eq!(drawn(&device.autodiff(), 3), first);
}
